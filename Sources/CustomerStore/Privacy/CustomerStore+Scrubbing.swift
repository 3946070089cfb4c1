import Environment
import SQLite

/// The end of an erasure: when nothing is left to be done at Stripe, the rows go, and then what the files still hold of
/// them.
extension CustomerStore {
    /// What of an erasure is still to be done at Stripe.
    package struct ErasureRest: Sendable {
        /// A create whose outcome is unknown.
        package var hasPendingCreate: Bool
        package var customers: [String]
        package var isEmpty: Bool { !hasPendingCreate && customers.isEmpty }
    }

    package func restOfErasure(of userId: String) async throws(StoreError) -> ErasureRest {
        try await read { connection throws(StoreError) in try Self.rest(of: userId, &connection) }
    }

    /// Erasures of which nothing is left to be done at Stripe.
    package func dueErasures() async throws(StoreError) -> [String] {
        try await read { connection throws(StoreError) in
            try connection.rows(
                """
                SELECT user_id FROM erasures AS e
                WHERE NOT EXISTS (SELECT 1 FROM disposals WHERE user_id = e.user_id AND action = 'delete')
                    AND NOT EXISTS (SELECT 1 FROM create_intents WHERE user_id = e.user_id AND state = 'pending'
                        AND disposal = 'delete')
                """
            ).compactMap { $0.text(0) }
        }
    }

    /// Scrubs the tables of a user whose erasure has begun.
    /// - Returns: How many rows went from which table; `nil` while something is left to be done at Stripe.
    package func scrub(_ userId: String) async throws(StoreError) -> [(table: String, count: Int)]? {
        try await writeRecorded { connection, audit throws(StoreError) in
            guard try Self.rest(of: userId, &connection).isEmpty else { return nil }
            return try Self.scrub(userId, audit, &connection)
        }
    }

    /// Ends the erasure of every user who has been scrubbed: until here the files may hold pages as they were. The whole
    /// database is written anew, about 60 MB a second, so only one process at a time is to do it.
    /// - Returns: Whether it could: another process that is reading holds it up.
    package func purge() async throws(StoreError) -> Bool {
        // First of all, since it would be in vain otherwise.
        guard try await transactions.truncateLog() else { return false }
        let scrubbed = try await read { connection throws(StoreError) in
            try connection.rows("SELECT user_id FROM erasures WHERE scrubbed = 1").compactMap { $0.text(0) }
        }
        try await transactions.writeAnew()
        guard try await transactions.truncateLog() else { return false }
        try await write { connection throws(StoreError) in
            try connection.change(
                "DELETE FROM erasures WHERE scrubbed = 1 AND user_id IN (SELECT value FROM json_each(?))",
                [.text(storedJSON(scrubbed))])
        }
        _ = try await transactions.truncateLog()
        return true
    }

    // MARK: Pieces

    private static func rest(of userId: String, _ connection: inout Connection) throws(StoreError) -> ErasureRest {
        let intent = try connection.row(
            "SELECT 1 FROM create_intents WHERE user_id = ? AND state = 'pending' AND disposal = 'delete'",
            [.text(userId)])
        let disposals = try connection.rows(
            "SELECT customer_id FROM disposals WHERE user_id = ? AND action = 'delete'", [.text(userId)])
        return ErasureRest(hasPendingCreate: intent != nil, customers: disposals.compactMap { $0.text(0) })
    }

    private static func scrub(
        _ userId: String, _ audit: AuditRecorder, _ connection: inout Connection
    ) throws(StoreError) -> [(table: String, count: Int)] {
        let row = try connection.row(
            "SELECT customer_ids FROM erasures WHERE user_id = ? AND scrubbed = 0", [.text(userId)])
        // Another process, or this one before a kill, has done it.
        guard let customers = row?.text(0) else { return [] }
        // Registered again meanwhile: a new life, whose rows stay.
        let hasNewLife = try user(userId, &connection) != nil
        var steps: [(table: String, condition: String, argument: String)] = [
            ("create_intents", "user_id = ? AND state <> 'pending'", userId),
            ("disposals", "user_id = ? AND action <> 'delete'", userId),
            ("archived_customers", "customer_id IN (SELECT value FROM json_each(?))", customers),
            ("reconcile_customers", "owner = ?", userId),
            ("reconcile_findings", "json_extract(finding, '$.userId') = ?", userId),
            ("leases", "name IN (SELECT 'customer:' || value FROM json_each(?))", customers),
            // customer_news stays: that the customer is deleted, so that an event that comes late doesn't give it to
            // whoever has the user's id by then. It is an id of Stripe's alone, and goes with the events.
        ]
        if !hasNewLife {
            steps += [
                ("synced_profiles", "user_id = ?", userId), ("sync_queue", "user_id = ?", userId),
                ("stripe_customers_refused_fields", "user_id = ?", userId),
            ]
        }
        var counts: [(table: String, count: Int)] = []
        for step in steps {
            let count = try connection.rows(
                "DELETE FROM \(step.table) WHERE \(step.condition) RETURNING 1", [.text(step.argument)]
            ).count
            if count > 0, step.table != "leases" { counts.append((step.table, count)) }
        }
        let itsCustomers = "customer_id IN (SELECT value FROM json_each(?))"
        try sealCalls(where: itsCustomers, customers, audit.key, &connection)
        if !hasNewLife { try sealCalls(where: "user_id = ?", userId, audit.key, &connection) }
        // The rows stay: an event counts once, whoever it was about.
        let events = try connection.rows(
            "UPDATE stripe_events SET user_id = NULL WHERE user_id = ? RETURNING 1", [.text(userId)]
        ).count
        if events > 0 { counts.append(("stripe_events", events)) }
        try connection.change("UPDATE erasures SET scrubbed = 1 WHERE user_id = ?", [.text(userId)])
        try audit.record("user.erased", userId: userId, &connection)
        return counts
    }
}
