import Cryptography
import JSON

/// How far the audit log has come, kept outside of it: who cuts the log's tail leaves a chain that is whole, but ends
/// before this.
package struct AuditAnchor: Sendable {
    package var sequence: Int64
    package var hash: String

    package init(sequence: Int64, hash: String) {
        self.sequence = sequence
        self.hash = hash
    }
}

extension AuditAnchor {
    /// That of a log without events.
    static let beginning = AuditAnchor(sequence: 0, hash: "")

    /// `nil` for anything but what `fileContents` wrote under this key: who can write files, but does not have the key,
    /// can't move the anchor to where a cut log ends.
    init?(fileContents: [UInt8], key: AuditKey) {
        guard let object = try? JSONValue(parsing: fileContents), let sequence = object["sequence"]?.int64,
            let hash = object["hash"]?.string, let seal = object["seal"]?.string
        else { return nil }
        self.init(sequence: sequence, hash: hash)
        guard equalInConstantTime(Array(seal.utf8), Array(self.seal(key).utf8)) else { return nil }
    }

    /// For contents whose key is gone: whether they say that the log has no events.
    static func isBeginning(_ fileContents: [UInt8]) -> Bool {
        (try? JSONValue(parsing: fileContents))?["sequence"]?.int64 == beginning.sequence
    }

    func fileContents(key: AuditKey) -> [UInt8] {
        let object: JSONValue = [
            "sequence": .number(JSONNumber(sequence)), "hash": .string(hash), "seal": .string(seal(key)),
        ]
        return object.serialized() + [UInt8(ascii: "\n")]
    }

    private func seal(_ key: AuditKey) -> String {
        let members: JSONValue = ["anchor", .number(JSONNumber(sequence)), .string(hash)]
        return key.link(members.serialized())
    }
}
