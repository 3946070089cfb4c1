import Cryptography
import Environment
package import JSON
import SQLite

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
        let id = try await write { connection throws(StoreError) in
            var details = details
            details["email"] = key.personal(email)
            let userId = try Self.userConcerned(userId, customerId, &connection)
            let note = ChangeNote(
                owner: owner, actorId: scope.actor.map { key.reference($0.id) }, actorRole: scope.actor?.role,
                method: scope.method, userId: userId.map(key.reference), customerId: customerId,
                traceparent: scope.traceparent, details: storedJSON(details))
            return try connection.row(
                """
                INSERT INTO changes_under_way (\(ChangeNote.columns), seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                RETURNING id
                """, note.values.map { SQLiteValue($0) } + [.text(note.seal(key))])?.integer(0)
        }
        scope.changeUnderWay = id
    }

    /// Takes the current scope's note away without an event: nothing was changed.
    package func dropChangeUnderWay() async throws(StoreError) {
        guard let scope = AuditScope.current, let note = scope.changeUnderWay else { return }
        try await write { connection throws(StoreError) in
            try connection.change("DELETE FROM changes_under_way WHERE id = ?", [.integer(note)])
        }
        scope.changeUnderWay = nil
    }

    /// Records, for the processes that are gone, what they had under way: `outcome` is `unknown`.
    ///
    /// A note without the right seal is recorded in nobody's name, and nothing of what it says.
    static func recordAbandonedChanges(_ audit: AuditLog, _ connection: inout Connection) throws(StoreError) -> Bool {
        let rows = try connection.rows(
            """
            DELETE FROM changes_under_way WHERE owner NOT IN (SELECT owner FROM processes)
            RETURNING \(ChangeNote.columns), seal
            """)
        let now = audit.clock.now()
        var rejected = 0
        for row in rows {
            let note = ChangeNote(row: row)
            let seal = row.text(8) ?? ""
            guard equalInConstantTime(Array(seal.utf8), Array(note.seal(audit.key).utf8)) else {
                rejected += 1
                continue
            }
            let actor = note.actorId.map { AuditScope.Actor(id: $0, role: note.actorRole ?? "") }
            let scope = AuditScope(actor: actor, method: note.method, traceparent: note.traceparent)
            try AuditRecorder(scope: scope, key: audit.key, now: now).record(
                nil, userId: note.userId, customerId: note.customerId, outcome: "unknown",
                details: storedObject(note.details), &connection)
        }
        if rejected > 0 {
            try AuditRecorder(scope: .background, key: audit.key, now: now).record(
                "note.rejected", outcome: "unknown", details: ["count": .number(JSONNumber(rejected))], &connection)
        }
        return !rows.isEmpty
    }
}

/// What a row of `changes_under_way` says.
private struct ChangeNote: Sendable {
    var owner: String
    var actorId: String?
    var actorRole: String?
    var method: String
    var userId: String?
    var customerId: String?
    var traceparent: String?
    var details: String

    /// In the order of `values`.
    static let columns = "owner, actor_id, actor_role, method, user_id, customer_id, traceparent, details"

    var values: [String?] {
        [owner, actorId, actorRole, method, userId, customerId, traceparent, details]
    }

    /// Says that a process with this key wrote it.
    func seal(_ key: AuditKey) -> String {
        let members = values.map { value in value.map { JSONValue.string($0) } ?? .null }
        return key.link(JSONValue.array([.string("change under way")] + members).serialized())
    }
}

extension ChangeNote {
    init(row: Row) {
        self.init(
            owner: row.text(0) ?? "", actorId: row.text(1), actorRole: row.text(2), method: row.text(3) ?? "",
            userId: row.text(4), customerId: row.text(5), traceparent: row.text(6), details: row.text(7) ?? "")
    }
}
