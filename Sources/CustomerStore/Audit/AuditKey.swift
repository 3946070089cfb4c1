import Cryptography
import Environment
import JSON

/// The secret behind the audit log's hashes.
///
/// From a file beside the database it protects against whoever can write the database but not read that file (a host's
/// SQL, a copied backup); from the environment, where it lies on no disk, also against whoever can read both files.
package struct AuditKey: Sendable {
    private let chain: HMAC
    private let personal: HMAC

    package static let minimumLength = 16

    /// - Parameter secret: `minimumLength` bytes or more that nobody can guess.
    package init(_ secret: [UInt8]) {
        // Two keys, so that a hash that is shown for one purpose is of no use for the other.
        chain = HMAC(key: HMAC.authenticate("audit chain".utf8, key: secret))
        personal = HMAC(key: HMAC.authenticate("personal data".utf8, key: secret))
    }

    /// The key in `<database>.audit-key` (mode 0600), made when it is missing; for a database in memory one that is
    /// forgotten with it.
    package static func beside(database path: String, fresh: () -> [UInt8] = random) throws(StoreError) -> AuditKey {
        guard path != ":memory:" else { return AuditKey(fresh()) }
        let file = PrivateFile(path + ".audit-key")
        if let text = try file.read() { return try AuditKey(fileContents: text, file) }
        // Of several processes that start at once, one makes it and all read it.
        try file.create(Array(Hexadecimal.text(fresh()).utf8) + [UInt8(ascii: "\n")])
        return try AuditKey(fileContents: try file.read() ?? [], file)
    }

    private init(fileContents: [UInt8], _ file: PrivateFile) throws(StoreError) {
        let line = fileContents.prefix { $0 != UInt8(ascii: "\n") }
        guard let secret = Hexadecimal.bytes(String(decoding: line, as: UTF8.self)), secret.count >= Self.minimumLength
        else {
            throw .auditFile(path: file.path, reason: "it is not the hexadecimal key that it should be")
        }
        self.init(secret)
    }

    package static func random() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    // MARK: Hashes

    func link(_ canonicalEvent: [UInt8]) -> String { Hexadecimal.text(chain.authenticate(canonicalEvent)) }

    /// What stands for personal data: the same data has the same hash, and without the key nobody can try guesses.
    func hash(_ personalData: String) -> String {
        Hexadecimal.text(personal.authenticate(personalData.utf8).prefix(16))
    }

    /// An address as the log may hold it.
    func personal(_ email: String?) -> JSONValue? {
        email.map { ["mask": .string(maskedEmail($0)), "hash": .string(hash($0))] }
    }

    /// An id as the log holds it: one that says whose it is is masked and hashed.
    func reference(_ id: String) -> String {
        isPersonal(id) ? "\(maskedEmail(id))#\(hash(id))" : id
    }
}
