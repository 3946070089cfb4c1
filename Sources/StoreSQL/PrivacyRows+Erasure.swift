package import CustomerStore
package import Environment

extension SQLTransaction {
    package func isKnown(_ userId: String) throws(StoreError) -> Bool {
        let tables = ["erasures", "create_intents", "synced_profiles", "sync_queue", "disposals"]
        let row = try row(
            "SELECT EXISTS (SELECT 1 FROM users WHERE \(hasID))"
                + tables.map { " OR EXISTS (SELECT 1 FROM \($0) WHERE user_id = $1)" }.joined(), [.text(userId)])
        return row?.bool(0) ?? false
    }

    package func customersToErase(
        with userId: String, and others: [String], but excepted: [String]
    ) throws(StoreError) -> [String] {
        try texts(
            """
            SELECT customer_id FROM (
                SELECT stripe_customer_id AS customer_id FROM users WHERE \(hasID)
                UNION SELECT customer_id FROM disposals WHERE user_id = $1
                UNION SELECT value FROM erasures, \(Self.storedList("customer_ids")) AS own WHERE user_id = $1
                UNION SELECT value FROM \(Self.list("$2")) AS others) AS candidates
            WHERE customer_id IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM users
                    WHERE stripe_customer_id = customer_id AND CAST(id AS TEXT) <> $1)
                AND customer_id NOT IN (SELECT customer_id FROM unlinked_customers)
                AND NOT (\(Self.isOneOf("customer_id", "$3")))
            ORDER BY customer_id
            """, [.text(userId), .texts(others), .texts(excepted)])
    }

    package func formerCustomers(of userId: String) throws(StoreError) -> [String] {
        try texts(
            """
            SELECT customer_id FROM (
                SELECT customer_id FROM create_intents WHERE user_id = $1
                UNION SELECT customer_id FROM disposals WHERE user_id = $1) AS candidates
            WHERE customer_id IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM users WHERE stripe_customer_id = customer_id)
                AND customer_id NOT IN (SELECT customer_id FROM unlinked_customers)
            ORDER BY customer_id
            """, [.text(userId)])
    }

    package func customersTakenAway(from userId: String) throws(StoreError) -> [String] {
        try texts(
            """
            SELECT DISTINCT customer_id FROM create_intents JOIN unlinked_customers USING (customer_id)
            WHERE user_id = $1 ORDER BY customer_id
            """, [.text(userId)])
    }

    // MARK: The note of it

    package func putErasure(
        of userId: String, customers: [String], at now: Milliseconds
    ) throws(StoreError) {
        try change(
            """
            INSERT INTO erasures (user_id, customer_ids, requested_at) VALUES ($1, $2, $3)
            ON CONFLICT (user_id) DO UPDATE SET customer_ids = excluded.customer_ids, scrubbed = 0
            """, [.text(userId), .text(storedJSON(customers)), .integer(now)])
    }

    package func hasErasure(of userId: String) throws(StoreError) -> Bool {
        try has("SELECT 1 FROM erasures WHERE user_id = $1", [.text(userId)])
    }

    package func customers(ofErasureOf userId: String) throws(StoreError) -> [String]? {
        try row("SELECT customer_ids FROM erasures WHERE user_id = $1 AND scrubbed = 0", [.text(userId)])
            .map { storedTexts($0.text(0)) }
    }

    package func rest(ofErasureOf userId: String) throws(StoreError) -> ErasureRest {
        let intent = try has(
            "SELECT 1 FROM create_intents WHERE user_id = $1 AND state = 'pending' AND disposal = 'delete'",
            [.text(userId)])
        return ErasureRest(
            hasPendingCreate: intent,
            customers: try texts(
                "SELECT customer_id FROM disposals WHERE user_id = $1 AND action = 'delete'", [.text(userId)]))
    }

    package func dueErasures() throws(StoreError) -> [String] {
        try texts(
            """
            SELECT user_id FROM erasures AS e
            WHERE NOT EXISTS (SELECT 1 FROM disposals WHERE user_id = e.user_id AND action = 'delete')
                AND NOT EXISTS (SELECT 1 FROM create_intents WHERE user_id = e.user_id AND state = 'pending'
                    AND disposal = 'delete')
            """)
    }

    package func scrubbedUsers() throws(StoreError) -> [String] {
        try texts("SELECT user_id FROM erasures WHERE scrubbed = 1")
    }

    package func markScrubbed(_ userId: String) throws(StoreError) {
        try change("UPDATE erasures SET scrubbed = 1 WHERE user_id = $1", [.text(userId)])
    }

    package func endErasures(of userIds: [String]) throws(StoreError) {
        try change(
            "DELETE FROM erasures WHERE scrubbed = 1 AND (\(Self.isOneOf("user_id", "$1")))", [.texts(userIds)])
    }
}
