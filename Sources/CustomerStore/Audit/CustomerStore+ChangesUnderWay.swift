import Cryptography
import Environment
package import JSON

/// Changes that are made at Stripe alone: noted before Stripe is called, so that none is without its event, even if the
/// process is killed between Stripe's answer and that.
extension CustomerStore {
    /// Notes what the current scope is about to change; its first event takes the note away.
    /// - Throws: `StoreError`; Stripe is not to be called then, since what can't be recorded is not done.
    package func noteChangeUnderWay(
        userId: String?, customerId: String?, email: String?, details: JSONObject
    ) async throws(StoreError) {
        guard let scope = AuditScope.current else { return }
        let (owner, key) = (owner, audit.key)
        let id = try await write { rows throws(StoreError) in
            var details = details
            details["email"] = key.personal(email)
            let userId = try Self.userConcerned(userId, customerId, rows)
            let note = ChangeNote(
                owner: owner, actorId: scope.actor.map { key.reference($0.id) }, actorRole: scope.actor?.role,
                method: scope.method, userId: userId.map(key.reference), customerId: customerId,
                traceparent: scope.traceparent, details: storedJSON(details))
            return try rows.insertNote(note, seal: note.seal(key))
        }
        scope.changeUnderWay = id
    }

    /// Takes the current scope's note away without an event: nothing was changed.
    package func dropChangeUnderWay() async throws(StoreError) {
        guard let scope = AuditScope.current, let note = scope.changeUnderWay else { return }
        try await write { rows throws(StoreError) in
            try rows.removeNote(note)
        }
        scope.changeUnderWay = nil
    }

    /// Records, for the processes that are gone, what they had under way: `outcome` is `unknown`.
    ///
    /// A note without the right seal is recorded in nobody's name, and nothing of what it says.
    static func recordAbandonedChanges(_ audit: AuditLog, _ rows: any StoreTransaction) throws(StoreError) -> Bool {
        let abandoned = try rows.takeAbandonedNotes()
        let now = audit.clock.now()
        var rejected = 0
        for (note, seal) in abandoned {
            guard equalInConstantTime(Array(seal.utf8), Array(note.seal(audit.key).utf8)) else {
                rejected += 1
                continue
            }
            let actor = note.actorId.map { AuditScope.Actor(id: $0, role: note.actorRole ?? "") }
            let scope = AuditScope(actor: actor, method: note.method, traceparent: note.traceparent)
            try AuditRecorder(scope: scope, key: audit.key, now: now, rows).record(
                nil, userId: note.userId, customerId: note.customerId, outcome: "unknown",
                details: storedObject(note.details))
        }
        if rejected > 0 {
            try AuditRecorder(scope: .background, key: audit.key, now: now, rows).record(
                "note.rejected", outcome: "unknown", details: ["count": .number(JSONNumber(rejected))])
        }
        return !abandoned.isEmpty
    }
}

/// A change at Stripe that has no event yet.
package struct ChangeNote: Sendable {
    var owner: String
    var actorId: String?
    var actorRole: String?
    var method: String
    var userId: String?
    var customerId: String?
    var traceparent: String?
    var details: String

    package init(
        owner: String, actorId: String?, actorRole: String?, method: String, userId: String?, customerId: String?,
        traceparent: String?, details: String
    ) {
        self.owner = owner
        self.actorId = actorId
        self.actorRole = actorRole
        self.method = method
        self.userId = userId
        self.customerId = customerId
        self.traceparent = traceparent
        self.details = details
    }

    /// In the order in which they are sealed.
    package var values: [String?] {
        [owner, actorId, actorRole, method, userId, customerId, traceparent, details]
    }

    /// Says that a process with this key wrote it.
    func seal(_ key: AuditKey) -> String {
        let members = values.map { value in value.map { JSONValue.string($0) } ?? .null }
        return key.link(JSONValue.array([.string("change under way")] + members).serialized())
    }
}
