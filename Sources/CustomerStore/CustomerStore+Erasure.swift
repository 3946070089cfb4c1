package import Environment
package import JSON
internal import SQLite

/// Erasing a user: noted on disk with everything that is to be deleted at Stripe, carried out piece by piece, and over
/// only when nothing is left, the write-ahead log included.
extension CustomerStore {
    /// The customers that go with a user: the one that it has, and those that are disposed of for it. One that was taken
    /// away from it, or is another user's by now, is not among them.
    /// - Parameter others: Those of which Stripe has said that they are the user's.
    /// - Returns: `nil` when nothing is known of the user.
    package func customersToErase(
        with userId: String, and others: [String] = []
    ) async throws(StoreError) -> [String]? {
        try await read { connection throws(StoreError) in
            let customers = try Self.customersToErase(with: userId, others, &connection)
            return try Self.isKnown(userId, &connection) ? customers : nil
        }
    }

    /// Customers that were made for a user earlier and that nobody has now. Another program may have linked them to
    /// somebody else meanwhile: whose they are by now only Stripe can tell.
    package func formerCustomers(of userId: String) async throws(StoreError) -> [String] {
        try await read { connection throws(StoreError) in
            try connection.rows(
                """
                SELECT customer_id FROM (
                    SELECT customer_id FROM create_intents WHERE user_id = ?1
                    UNION SELECT customer_id FROM disposals WHERE user_id = ?1)
                WHERE customer_id IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM users WHERE stripe_customer_id = customer_id)
                    AND customer_id NOT IN (SELECT customer_id FROM unlinked_customers)
                ORDER BY customer_id
                """, [.text(userId)]
            ).compactMap { $0.text(0) }
        }
    }

    /// Customers that were made for a user and taken away from it since: somebody else's by now, or nobody's.
    package func customersTakenAway(from userId: String) async throws(StoreError) -> [String] {
        try await read { connection throws(StoreError) in
            try connection.rows(
                """
                SELECT DISTINCT customer_id FROM create_intents JOIN unlinked_customers USING (customer_id)
                WHERE user_id = ? ORDER BY customer_id
                """, [.text(userId)]
            ).compactMap { $0.text(0) }
        }
    }

    /// Deletes the user here and notes its customers for deletion at Stripe, in one transaction. From here on the erasure
    /// is carried out whatever happens.
    /// - Parameter others: Customers of which Stripe has said that they are the user's.
    /// - Returns: The customers; `nil` when nothing is known of the user.
    package func beginErasure(
        of userId: String, and others: [String], at now: Milliseconds
    ) async throws(StoreError) -> [String]? {
        try await writeRecorded { connection, audit throws(StoreError) in
            guard try Self.isKnown(userId, &connection) else { return nil }
            let customers = try Self.customersToErase(with: userId, others, &connection)
            try connection.change(
                """
                INSERT INTO erasures (user_id, customer_ids, requested_at) VALUES (?, ?, ?)
                ON CONFLICT (user_id) DO UPDATE SET customer_ids = excluded.customer_ids, scrubbed = 0
                """, [.text(userId), .text(storedJSON(customers)), .integer(now)])
            try refusing { () throws(StoreError) in
                try connection.change("DELETE FROM users WHERE \(Self.hasID)", [.text(userId)])
            }
            try connection.change(
                "UPDATE create_intents SET disposal = 'delete' WHERE user_id = ? AND state = 'pending'",
                [.text(userId)])
            for customerId in customers {
                try Self.insertDisposal(customerId, userId: userId, "delete", at: now, &connection)
                try connection.change("DELETE FROM archived_customers WHERE customer_id = ?", [.text(customerId)])
            }
            try audit.record(
                "user.erasure_begun", userId: userId, customerId: customers.first,
                details: ["customers": .number(JSONNumber(customers.count))], &connection)
            return customers
        }
    }

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
        let now = leaseClock.now()
        let scrubbed = try await write { connection throws(StoreError) in
            // Meanwhile no process can renew its leases.
            try connection.change(
                """
                UPDATE processes SET expires_at = expires_at
                    + (SELECT page_count * page_size / 40000 FROM pragma_page_count, pragma_page_size)
                WHERE expires_at >= ?
                """, [.integer(now)])
            return try connection.rows("SELECT user_id FROM erasures WHERE scrubbed = 1").compactMap { $0.text(0) }
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

    package func isErasurePending(of userId: String) async throws(StoreError) -> Bool {
        try await read { connection throws(StoreError) in
            try connection.row("SELECT 1 FROM erasures WHERE user_id = ?", [.text(userId)]) != nil
        }
    }

    // MARK: Pieces

    private static func isKnown(_ userId: String, _ connection: inout Connection) throws(StoreError) -> Bool {
        try connection.row(
            """
            SELECT 1 WHERE EXISTS (SELECT 1 FROM users WHERE \(hasID))
                OR EXISTS (SELECT 1 FROM erasures WHERE user_id = ?1)
                OR EXISTS (SELECT 1 FROM create_intents WHERE user_id = ?1)
                OR EXISTS (SELECT 1 FROM synced_profiles WHERE user_id = ?1)
                OR EXISTS (SELECT 1 FROM sync_queue WHERE user_id = ?1)
                OR EXISTS (SELECT 1 FROM disposals WHERE user_id = ?1)
            """, [.text(userId)]) != nil
    }

    private static func customersToErase(
        with userId: String, _ others: [String], _ connection: inout Connection
    ) throws(StoreError) -> [String] {
        try connection.rows(
            """
            SELECT customer_id FROM (
                SELECT stripe_customer_id AS customer_id FROM users WHERE \(hasID)
                UNION SELECT customer_id FROM disposals WHERE user_id = ?1
                UNION SELECT value FROM erasures, json_each(customer_ids) WHERE user_id = ?1
                UNION SELECT value FROM json_each(?2))
            WHERE customer_id IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM users
                    WHERE stripe_customer_id = customer_id AND CAST(id AS TEXT) <> ?1)
                AND customer_id NOT IN (SELECT customer_id FROM unlinked_customers)
            ORDER BY customer_id
            """, [.text(userId), .text(storedJSON(others))]
        ).compactMap { $0.text(0) }
    }

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
            ("idempotent_calls", "customer_id IN (SELECT value FROM json_each(?))", customers),
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
                ("idempotent_calls", "user_id = ?", userId),
            ]
        }
        var counts: [(table: String, count: Int)] = []
        for step in steps {
            let count = try connection.rows(
                "DELETE FROM \(step.table) WHERE \(step.condition) RETURNING 1", [.text(step.argument)]
            ).count
            if count > 0, step.table != "leases" { counts.append((step.table, count)) }
        }
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

// MARK: - What is held about a user

extension CustomerStore {
    /// Every row about the user in the tables of this process, by table; the user's own row is `user(_:)`.
    package func rows(about userId: String) async throws(StoreError) -> JSONObject {
        try await read { connection throws(StoreError) in
            var stored: JSONObject = [:]
            for (table, columns) in Self.tablesAboutUsers {
                let pairs = columns.map { "'\($0)', \(Self.asJSON.contains($0) ? "json(\($0))" : $0)" }
                let rows = try connection.rows(
                    "SELECT json_object(\(pairs.joined(separator: ", "))) FROM \(table) WHERE user_id = ?",
                    [.text(userId)])
                if !rows.isEmpty { stored[table] = .array(rows.map { .object(storedObject($0.text(0))) }) }
            }
            return stored
        }
    }

    private static let asJSON: Set<String> = ["profile", "edits", "fields", "customer_ids"]
    private static let tablesAboutUsers: [(String, [String])] = [
        ("synced_profiles", ["user_id", "customer_id", "profile", "edits", "synced_at"]),
        (
            "create_intents",
            ["user_id", "generation", "fields", "state", "disposal", "customer_id", "created_at", "settled_at"]
        ),
        ("sync_queue", ["user_id", "enqueued_at", "attempts", "parked", "error_type", "error"]),
        (
            "disposals",
            ["user_id", "customer_id", "action", "requested_at", "attempts", "parked", "error_type", "error"]
        ),
        ("erasures", ["user_id", "customer_ids", "requested_at"]),
        ("idempotent_calls", ["user_id", "idempotency_key", "created_at"]),
        ("stripe_events", ["user_id", "event_id", "effect", "received_at"]),
    ]
}
