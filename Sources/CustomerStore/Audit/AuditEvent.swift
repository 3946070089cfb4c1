import Cryptography
package import Environment
import JSON

/// One entry of the audit log.
package struct AuditEvent: Sendable, Encodable {
    package var sequence: Int64
    package var at: Milliseconds
    package var actor: AuditScope.Actor?
    package var method: String
    package var userId: String?
    package var customerId: String?
    /// `ok`, or the type of the error.
    package var outcome: String
    /// As JSON text, byte for byte as it was hashed.
    package var details: String
    package var previousHash: String?
    package var hash: String

    package init(
        sequence: Int64, at: Milliseconds, actor: AuditScope.Actor?, method: String, userId: String?,
        customerId: String?, outcome: String, details: String, previousHash: String?, hash: String
    ) {
        self.sequence = sequence
        self.at = at
        self.actor = actor
        self.method = method
        self.userId = userId
        self.customerId = customerId
        self.outcome = outcome
        self.details = details
        self.previousHash = previousHash
        self.hash = hash
    }

    /// What the hash is over: every member, the hash before it among them, as one JSON array, whose quoting leaves no
    /// two events with the same bytes.
    var canonical: [UInt8] {
        let members: [JSONValue] = [
            .number(JSONNumber(sequence)), .number(JSONNumber(at)), text(actor?.id), text(actor?.role), .string(method),
            text(userId), text(customerId), .string(outcome), .string(details), text(previousHash),
        ]
        return JSONValue.array(members).serialized()
    }

    private func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }

    /// Where the log ended when this was its last event.
    var place: AuditAnchor { AuditAnchor(sequence: sequence, hash: hash) }

    /// Whether this is what was written, directly after the event there.
    func continues(_ previous: AuditAnchor, _ key: AuditKey) -> Bool {
        // Numbers wrap around rather than trap: the greatest may be somebody's forgery.
        sequence == previous.sequence &+ 1
            && sameCodePoints(previousHash ?? "", previous.hash) && (previousHash == nil) == (previous.sequence == 0)
            && isWritten(under: key)
    }

    /// Whether the event, wherever its place, is what was written. A hash is a secret's work: compared in constant time,
    /// though it is a verdict on a file.
    func isWritten(under key: AuditKey) -> Bool {
        equalInConstantTime(Array(key.link(canonical).utf8), Array(hash.utf8))
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(sequence, forKey: .sequence)
        try members.encode(rfc3339(at), forKey: .at)
        if let actor {
            var nested = members.nestedContainer(keyedBy: CodingKeys.self, forKey: .actor)
            try nested.encode(actor.id, forKey: .id)
            try nested.encode(actor.role, forKey: .role)
        } else {
            try members.encodeNil(forKey: .actor)
        }
        try members.encode(method, forKey: .method)
        try members.encode(userId, forKey: .userId)
        try members.encode(customerId, forKey: .customerId)
        try members.encode(outcome, forKey: .outcome)
        try members.encode(storedObject(details), forKey: .details)
        try members.encode(previousHash, forKey: .previousHash)
        try members.encode(hash, forKey: .hash)
    }

    private enum CodingKeys: String, CodingKey {
        case sequence, at, actor, id, role, method, userId, customerId, outcome, details, previousHash, hash
    }
}
