package import CustomerStore

extension SQLTransaction {
    package func auditTail() throws(StoreError) -> AuditAnchor? {
        try row("SELECT sequence, hash FROM audit_events ORDER BY sequence DESC LIMIT 1").map {
            AuditAnchor(sequence: $0.integer(0) ?? 0, hash: $0.text(1) ?? "")
        }
    }

    package func auditHash(at sequence: Int64) throws(StoreError) -> String? {
        try row("SELECT hash FROM audit_events WHERE sequence = $1", [.integer(sequence)])?.text(0)
    }

    package func append(_ event: AuditEvent) throws(StoreError) {
        try change(
            eventInsert,
            [
                .integer(event.sequence), .integer(event.at), SQLValue(event.actor?.id),
                SQLValue(event.actor?.role), .text(event.method), SQLValue(event.userId),
                SQLValue(event.customerId), .text(event.outcome), .text(event.details),
                SQLValue(event.previousHash), .text(event.hash),
            ])
    }

    package func auditEvents(
        _ filter: AuditFilter, after sequence: Int64, limit: Int
    ) throws(StoreError) -> [AuditEvent] {
        var conditions = ["sequence > $1"]
        var arguments: [SQLValue] = [.integer(sequence)]
        func require(_ condition: String, _ value: SQLValue?) {
            guard let value else { return }
            arguments.append(value)
            conditions.append("\(condition) $\(arguments.count)")
        }
        require("at >=", filter.from.map { .integer($0) })
        require("at <", filter.to.map { .integer($0) })
        require("actor_id =", filter.actor.map { .text($0) })
        require("user_id =", filter.userId.map { .text($0) })
        require("customer_id =", filter.customerId.map { .text($0) })
        require("method =", filter.method.map { .text($0) })
        return try all(
            """
            SELECT \(eventColumns) FROM audit_events WHERE \(conditions.joined(separator: " AND "))
            ORDER BY sequence LIMIT $\(arguments.count + 1)
            """, arguments + [SQLValue(limit)]
        ).map { AuditEvent($0) }
    }

    package func auditEnds() throws(StoreError) -> [AuditEvent] {
        try all(
            """
            SELECT \(eventColumns) FROM audit_events WHERE sequence IN (
                (SELECT min(sequence) FROM audit_events), (SELECT max(sequence) FROM audit_events))
            """
        ).map { AuditEvent($0) }
    }

    package func hasAuditEvents(before sequence: Int64) throws(StoreError) -> Bool {
        try has("SELECT 1 FROM audit_events WHERE sequence < $1 LIMIT 1", [.integer(sequence)])
    }

    package func isUnused() throws(StoreError) -> Bool {
        try row(
            """
            SELECT 1 FROM audit_events UNION ALL SELECT 1 FROM settings UNION ALL SELECT 1 FROM create_intents
            UNION ALL SELECT 1 FROM synced_profiles LIMIT 1
            """) == nil
    }

    package func hasAuditedAddress(
        hash: String, of userId: String, inThisLife: Bool
    ) throws(StoreError) -> Bool {
        let change = Self.jsonText("details", "change")
        let since = """
            AND sequence > (SELECT coalesce(max(sequence), 0) FROM audit_events
                WHERE user_id = $1 AND \(change) IN ('user.deleted', 'user.erasure_begun'))
            """
        return try has(
            """
            SELECT 1 FROM audit_events WHERE user_id = $1 AND outcome = 'ok'
                AND \(Self.jsonText("details", "email.hash")) = $2
                AND \(change) IN ('user.registered', 'user.updated', 'user.updated_from_stripe', 'customer.created',
                    'customer.updated')
                \(inThisLife ? since : "")
            LIMIT 1
            """, [.text(userId), .text(hash)])
    }
}

private let eventColumns =
    "sequence, at, actor_id, actor_role, method, user_id, customer_id, outcome, details, previous_hash, hash"

private let eventInsert = """
    INSERT INTO audit_events (\(eventColumns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    """

extension AuditEvent {
    fileprivate init(_ row: any SQLRow) {
        self.init(
            sequence: row.integer(0) ?? 0, at: row.integer(1) ?? 0,
            // A role without an id was never written: it has to show in the hash.
            actor: row.text(2) == nil && row.text(3) == nil
                ? nil : AuditScope.Actor(id: row.text(2) ?? "", role: row.text(3) ?? ""), method: row.text(4) ?? "",
            userId: row.text(5), customerId: row.text(6), outcome: row.text(7) ?? "", details: row.text(8) ?? "",
            previousHash: row.text(9), hash: row.text(10) ?? "")
    }
}
