internal import Environment
package import JSON
internal import SQLite

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
            return try connection.row(
                """
                INSERT INTO changes_under_way
                    (owner, actor_id, actor_role, method, user_id, customer_id, traceparent, details)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
                """,
                [
                    .text(owner), SQLiteValue(scope.actor.map { key.reference($0.id) }), SQLiteValue(scope.actor?.role),
                    .text(scope.method), SQLiteValue(userId.map(key.reference)), SQLiteValue(customerId),
                    SQLiteValue(scope.traceparent), .text(storedJSON(details)),
                ])?.integer(0)
        }
        scope.changeUnderWay = id
    }

    /// Records, for the processes that are gone, what they had under way: `outcome` is `unknown`.
    static func recordAbandonedChanges(_ audit: AuditLog, _ connection: inout Connection) throws(StoreError) -> Bool {
        let rows = try connection.rows(
            """
            DELETE FROM changes_under_way WHERE owner NOT IN (SELECT owner FROM processes)
            RETURNING actor_id, actor_role, method, user_id, customer_id, traceparent, details
            """)
        for row in rows {
            let actor = row.text(0).map { AuditScope.Actor(id: $0, role: row.text(1) ?? "") }
            let scope = AuditScope(actor: actor, method: row.text(2) ?? "", traceparent: row.text(5))
            try AuditRecorder(scope: scope, key: audit.key, now: audit.clock.now()).record(
                nil, userId: row.text(3), customerId: row.text(4), outcome: "unknown",
                details: storedObject(row.text(6) ?? "{}"), &connection)
        }
        return !rows.isEmpty
    }
}
