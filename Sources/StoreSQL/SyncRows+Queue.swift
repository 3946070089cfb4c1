package import CustomerStore
package import Environment

extension SQLTransaction {
    package func enqueue(_ userId: String, change id: String, at now: Milliseconds) throws(StoreError) {
        try change(
            """
            INSERT INTO sync_queue (user_id, change_id, enqueued_at) VALUES ($1, $2, $3)
            ON CONFLICT (user_id) DO NOTHING
            """, [.text(userId), .text(id), .integer(now)])
    }

    package func wake(_ userId: String) throws(StoreError) {
        try change(
            "UPDATE sync_queue SET not_before = 0, parked = 0, error_type = NULL, error = NULL WHERE user_id = $1",
            [.text(userId)])
    }

    package func stampQueued(_ userId: String, at now: Milliseconds) throws(StoreError) {
        try change(
            "UPDATE sync_queue SET enqueued_at = $2 WHERE user_id = $1 AND enqueued_at > $2",
            [.text(userId), .integer(now)])
    }

    package func isQueued(_ userId: String) throws(StoreError) -> Bool {
        try has("SELECT 1 FROM sync_queue WHERE user_id = $1", [.text(userId)])
    }

    package func setChange(of userId: String, from old: String, to new: String) throws(StoreError) -> Bool {
        try has(
            "UPDATE sync_queue SET change_id = $3 WHERE \(isChange) RETURNING 1",
            [.text(userId), .text(old), .text(new)])
    }

    package func complete(_ change: String, of userId: String) throws(StoreError) {
        try self.change("DELETE FROM sync_queue WHERE \(isChange)", [.text(userId), .text(change)])
    }

    package func dequeue(_ userId: String) throws(StoreError) {
        try change("DELETE FROM sync_queue WHERE user_id = $1", [.text(userId)])
    }

    package func postpone(
        _ change: String, of userId: String, _ postponement: Postponement
    ) throws(StoreError) {
        try self.change(
            """
            UPDATE sync_queue SET
                attempts = \(oneMore("attempts")), not_before = $3, parked = $4, for_operator = $5, error_type = $6,
                error = $7
            WHERE \(isChange)
            """,
            [
                .text(userId), .text(change), .integer(postponement.notBefore ?? 0),
                SQLValue(postponement.notBefore == nil), SQLValue(postponement.forOperator),
                .text(postponement.errorType), .text(postponement.error),
            ])
    }

    package func dueUsers(
        at now: Milliseconds, latest: Milliseconds, limit: Int, owner: String
    ) throws(StoreError) -> [String] {
        try texts(dueUsersText, [.integer(now), .integer(latest), SQLValue(limit), .text(owner)])
    }

    package func nextDue() throws(StoreError) -> Milliseconds? {
        try row(
            """
            SELECT min(not_before) FROM (
                SELECT not_before FROM sync_queue WHERE parked = 0
                UNION ALL SELECT not_before FROM disposals WHERE parked = 0) AS waiting
            """)?.integer(0)
    }
}

private let isChange = "user_id = $1 AND change_id = $2"

// Two ranges of the index, so that those who wait are not looked at.
private let dueUsersText =
    [("due", "not_before <= $1"), ("unbelieved", "not_before > $2")].map { name, range in
        """
        SELECT * FROM (
            SELECT user_id FROM sync_queue
            WHERE parked = 0 AND \(range) AND NOT EXISTS (
                SELECT 1 FROM leases JOIN processes USING (owner)
                -- What this process works on it knows itself; a lease that it could not give back is no obstacle.
                WHERE name = 'user:' || user_id AND owner <> $4)
            ORDER BY not_before LIMIT $3) AS \(name)
        """
    }.joined(separator: " UNION ALL ") + " LIMIT $3"
