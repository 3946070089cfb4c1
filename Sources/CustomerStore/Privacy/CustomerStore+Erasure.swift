package import Environment
import JSON
import SQLite

/// An erasure that is on disk.
package struct BegunErasure: Sendable {
    package var customers: [String]
    /// Of calls under the host's keys it is kept, as keyed hashes, that they came.
    package var keepsKeys: Bool
}

/// Erasing a user: noted on disk with everything that is to be deleted at Stripe, carried out piece by piece, and over
/// only when nothing is left, the write-ahead log included.
extension CustomerStore {
    /// The customers that go with a user: the one that it has, and those that are disposed of for it. One that was taken
    /// away from it, or is another user's by now, is not among them.
    /// - Parameters:
    ///   - others: Those of which Stripe has said that they are the user's.
    ///   - excepted: Those of which it has said that they are not.
    /// - Returns: `nil` when nothing is known of the user.
    package func customersToErase(
        with userId: String, and others: [String] = [], but excepted: [String] = []
    ) async throws(StoreError) -> [String]? {
        try await read { connection throws(StoreError) in
            let customers = try Self.customersToErase(with: userId, others, but: excepted, &connection)
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
    /// - Parameters:
    ///   - others: Customers of which Stripe has said that they are the user's.
    ///   - excepted: Those of which it has said that they are not: nothing is done with them.
    /// - Returns: `nil` when nothing is known of the user.
    package func beginErasure(
        of userId: String, and others: [String], but excepted: [String] = [], under key: HostKey?,
        at now: Milliseconds
    ) async throws(StoreError) -> BegunErasure? {
        try await writeRecorded { connection, audit throws(StoreError) in
            try Self.requireFirst(key, audit.key, &connection)
            guard try Self.isKnown(userId, &connection) else { return nil }
            let customers = try Self.customersToErase(with: userId, others, but: excepted, &connection)
            try connection.change(
                """
                INSERT INTO erasures (user_id, customer_ids, requested_at) VALUES (?, ?, ?)
                ON CONFLICT (user_id) DO UPDATE SET customer_ids = excluded.customer_ids, scrubbed = 0
                """, [.text(userId), .text(storedJSON(customers)), .integer(now)])
            try Self.writeUsers(.delete, "DELETE FROM users WHERE \(Self.hasID)", [.text(userId)], &connection)
            try connection.change(
                "UPDATE create_intents SET disposal = 'delete' WHERE user_id = ? AND state = 'pending'",
                [.text(userId)])
            for customerId in excepted {
                try connection.change("DELETE FROM disposals WHERE customer_id = ?", [.text(customerId)])
            }
            for customerId in customers {
                try Self.insertDisposal(customerId, userId: userId, "delete", at: now, &connection)
                try connection.change("DELETE FROM archived_customers WHERE customer_id = ?", [.text(customerId)])
            }
            try Self.complete(key, userId: userId, audit.key, at: now, &connection)
            // At once: what is registered under the id from here on is another life.
            let keys = try Self.sealCalls(where: "user_id = ?", userId, audit.key, &connection)
            try audit.record(
                "user.erasure_begun", userId: userId, customerId: customers.first,
                details: ["customers": .number(JSONNumber(customers.count))], &connection)
            return BegunErasure(customers: customers, keepsKeys: keys > 0)
        }
    }

    /// Whether an address is the user's or was: its row has it, or the audit log knows it by its keyed hash, of this life of
    /// the id. What was refused, and what somebody else was about, is no proof.
    package func isAddress(_ email: String, of userId: String) async throws(StoreError) -> Bool {
        let key = audit.key
        return try await read { connection throws(StoreError) in
            let user = try Self.user(userId, &connection)
            if let own = user?.email, sameAddress(own, email) { return true }
            return try connection.row(
                """
                SELECT 1 FROM audit_events WHERE user_id = ?1 AND outcome = 'ok'
                    AND json_extract(details, '$.email.hash') = ?2
                    AND json_extract(details, '$.change') IN ('user.registered', 'user.updated',
                        'user.updated_from_stripe', 'customer.created', 'customer.updated')
                    -- Somebody else may have had the id before the user who has it.
                    AND (NOT ?3 OR sequence > (SELECT coalesce(max(sequence), 0) FROM audit_events
                        WHERE user_id = ?1
                            AND json_extract(details, '$.change') IN ('user.deleted', 'user.erasure_begun')))
                LIMIT 1
                """, [.text(key.reference(userId)), .text(key.hash(email)), SQLiteValue(user != nil)]) != nil
        }
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
        with userId: String, _ others: [String], but excepted: [String], _ connection: inout Connection
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
                AND customer_id NOT IN (SELECT value FROM json_each(?3))
            ORDER BY customer_id
            """, [.text(userId), .text(storedJSON(others)), .text(storedJSON(excepted))]
        ).compactMap { $0.text(0) }
    }
}
