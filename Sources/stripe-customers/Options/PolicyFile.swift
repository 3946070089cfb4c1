import AccessPolicy
import Cryptography
import CustomerService

/// The file that `--policy` names, read and checked before anything is served.
struct PolicyFile: Sendable {
    let policy: AccessPolicy
    /// SHA-256 of the file: which policy was in force, as the audit log has it.
    let digest: String

    private static let bytesMax = 1 << 20

    /// - Returns: `nil` without the option.
    init?(_ options: Options) throws(StartFailure) {
        guard let path = options.policyFile else { return nil }
        let bytes = try SmallFile(option: "--policy", path: path, bytesMax: Self.bytesMax).read()
        do throws(PolicyFault) { policy = try AccessPolicy(parsing: bytes, for: CustomerService.description) } catch {
            throw StartFailure(.configuration, "the file of --policy, \(path), is not a policy: \(error)")
        }
        digest = Hexadecimal.text(SHA256.hash(bytes))
    }
}
