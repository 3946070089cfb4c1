import AccessPolicy
import Cryptography
import CustomerStore
import Environment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file that `--policy` names, read and checked before anything is served.
struct PolicyFile: Sendable {
    let policy: AccessPolicy
    /// SHA-256 of the file: which policy was in force, as the audit log has it.
    let digest: String

    private static let largest = 1 << 20

    /// - Returns: `nil` without the option.
    init?(_ options: Options) throws(StartFailure) {
        guard let path = options.policyFile else { return nil }
        let bytes = try readFile(path, atMost: Self.largest)
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

/// The whole of the file.
private func readFile(_ path: String, atMost limit: Int) throws(StartFailure) -> [UInt8] {
    func failure(_ reason: String) -> StartFailure {
        StartFailure(.configuration, "can't read the file of --policy, \(path): \(reason)")
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(systemReason(errno)) }
    defer { close(descriptor) }
    var contents: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while contents.count <= limit {
        let count = read(descriptor, &buffer, buffer.count)
        if count == 0 { return contents }
        guard count > 0 else { throw failure(systemReason(errno)) }
        contents += buffer[..<count]
    }
    throw failure("it is larger than \(limit) bytes")
}
