internal import JSON

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
    /// `nil` for anything but what `fileContents` wrote.
    init?(fileContents: [UInt8]) {
        guard let object = try? JSONValue(parsing: fileContents), let sequence = object["sequence"]?.int64,
            let hash = object["hash"]?.string
        else { return nil }
        self.init(sequence: sequence, hash: hash)
    }

    var fileContents: [UInt8] {
        let object: JSONValue = ["sequence": .number(JSONNumber(sequence)), "hash": .string(hash)]
        return object.serialized() + [UInt8(ascii: "\n")]
    }
}
