import AccessPolicy
import Cryptography
import CustomerStore

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
        do throws(PolicyFault) { policy = try AccessPolicy(parsing: bytes) } catch {
            throw StartFailure(.configuration, "the file of --policy is not a policy: \(error)")
        }
        digest = Hexadecimal.text(SHA256.hash(bytes))
    }
}

/// The audit log's key: of the environment, else (`nil`) the one in the file beside the database.
func auditKey(_ options: Options, environment: [String: String]) throws(StartFailure) -> AuditKey? {
    if let text = environment["STRIPE_CUSTOMERS_AUDIT_KEY"], !text.isEmpty {
        guard text.utf8.count >= 32 else {
            throw StartFailure(.configuration, "STRIPE_CUSTOMERS_AUDIT_KEY is too short: 32 characters or more")
        }
        return AuditKey(Array(text.utf8))
    }
    // The same input gives the same bytes, hashes included. It is the sandbox's log.
    return options.deterministic ? AuditKey(Array("a deterministic sandbox".utf8)) : nil
}
