package import CustomerStore
package import Environment

extension SQLTransaction {
    package func seenEvent(_ id: String) throws(StoreError) -> SeenEvent? {
        try row("SELECT effect, user_id FROM stripe_events WHERE event_id = $1", [.text(id)]).map {
            SeenEvent(effect: $0.text(0).flatMap(EventEffect.init), userId: $0.text(1))
        }
    }

    package func knowledge(of customerId: String) throws(StoreError) -> CustomerKnowledge {
        let row = try row(
            """
            SELECT \(userColumns), synced.profile, synced.edits, synced.synced_at, synced.customer_id, news.created,
                news.deleted
            FROM (SELECT 1 AS one) AS start
                LEFT JOIN users ON users.stripe_customer_id = $1
                LEFT JOIN synced_profiles AS synced ON synced.user_id = CAST(users.id AS TEXT)
                LEFT JOIN customer_news AS news ON news.customer_id = $1
            """, [.text(customerId)])
        guard let row else {
            return CustomerKnowledge(user: nil, synced: nil, syncedAt: nil, newest: nil, isDeleted: false)
        }
        return CustomerKnowledge(
            user: row.text(0) == nil ? nil : User(row),
            synced: row.text(9) == customerId ? SyncedProfile(row, from: 6) : nil, syncedAt: row.integer(8),
            newest: row.integer(10), isDeleted: row.bool(11))
    }

    package func dropEvents(before time: Milliseconds) throws(StoreError) {
        for table in ["stripe_events", "customer_news"] {
            try change("DELETE FROM \(table) WHERE received_at < $1", [.integer(time)])
        }
    }

    package func insertEvent(_ id: String, at now: Milliseconds) throws(StoreError) -> Bool {
        try has(
            "INSERT INTO stripe_events (event_id, received_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1",
            [.text(id), .integer(now)])
    }

    package func setEffect(_ effect: EventEffect, userId: String?, of eventId: String) throws(StoreError) {
        try change(
            "UPDATE stripe_events SET effect = $2, user_id = $3 WHERE event_id = $1",
            [.text(eventId), .text(effect.rawValue), SQLValue(userId)])
    }

    package func putNews(
        _ mark: EventMark, deleted: Bool, latest: Int64, at now: Milliseconds
    ) throws(StoreError) {
        try change(
            """
            INSERT INTO customer_news (customer_id, created, deleted, received_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (customer_id) DO UPDATE SET
                created = CASE WHEN customer_news.created > $5 OR customer_news.created < excluded.created
                    THEN excluded.created ELSE customer_news.created END,
                deleted = CASE WHEN customer_news.deleted > excluded.deleted
                    THEN customer_news.deleted ELSE excluded.deleted END,
                received_at = excluded.received_at
            """,
            [.text(mark.customerId), .integer(mark.created), SQLValue(deleted), .integer(now), .integer(latest)])
    }
}
