package import Environment
import JSON
import SQLite

/// The sync queue (an outbox that triggers on the users table fill).
extension CustomerStore {
    /// Users whose change is due and on whom nobody is working.
    /// - Parameter latest: A time to wait for that lies further ahead is not believed (`StoredTime`): such a change is due.
    package func dueUsers(
        at now: Milliseconds, latest: Milliseconds, limit: Int
    ) async throws(StoreError) -> [String] {
        let owner = owner
        // Two ranges of the index, so that those who wait are not looked at.
        let ranges = ["not_before <= ?1", "not_before > ?2"].map { range in
            """
            SELECT * FROM (
                SELECT user_id FROM sync_queue
                WHERE parked = 0 AND \(range) AND NOT EXISTS (
                    SELECT 1 FROM leases JOIN processes USING (owner)
                    -- What this process works on it knows itself; a lease that it could not give back is no obstacle.
                    WHERE name = 'user:' || user_id AND owner <> ?4)
                ORDER BY not_before LIMIT ?3)
            """
        }
        return try await read { connection throws(StoreError) in
            try connection.rows(
                ranges.joined(separator: " UNION ALL ") + " LIMIT ?3",
                [.integer(now), .integer(latest), SQLiteValue(limit), .text(owner)]
            ).compactMap { $0.text(0) }
        }
    }

    /// When the first waiting entry comes due; `nil` when nothing waits.
    package func nextDue() async throws(StoreError) -> Milliseconds? {
        try await read { connection throws(StoreError) in
            try connection.row(
                """
                SELECT min(not_before) FROM (
                    SELECT not_before FROM sync_queue WHERE parked = 0
                    UNION ALL SELECT not_before FROM disposals WHERE parked = 0)
                """)?.integer(0)
        }
    }

    /// Puts the user back for a later attempt, or parks it when nothing but a change of the user can help. Gives the
    /// lease back. A user that changed meanwhile stays due.
    /// - Parameters:
    ///   - notBefore: `nil` parks.
    ///   - forOperator: Only the operator can mend it.
    package func postpone(
        _ userId: String, change: String?, notBefore: Milliseconds?, forOperator: Bool = false, errorType: String,
        error: String
    ) async throws(StoreError) {
        let owner = owner
        try await writeRecorded { connection, audit throws(StoreError) in
            // Each attempt that fails would be noise; that none will follow is news.
            if notBefore == nil { try audit.record("sync.parked", userId: userId, outcome: errorType, &connection) }
            try connection.change(
                """
                UPDATE sync_queue SET
                    attempts = \(Self.oneMore("attempts")), not_before = ?, parked = ?, for_operator = ?, error_type = ?, error = ?
                WHERE user_id = ? AND change_id IS ?
                """,
                [
                    .integer(notBefore ?? 0), SQLiteValue(notBefore == nil), SQLiteValue(forOperator), .text(errorType),
                    .text(error), .text(userId), SQLiteValue(change),
                ])
            try Self.release(.user(userId), owner, &connection)
        }
    }

    /// Gives the queued change a new id, and with it a new idempotency key: the old key's saved answer is of no use.
    /// - Returns: `nil` when the user has changed again meanwhile: that change has an id of its own.
    package func renewChange(_ change: String, of userId: String) async throws(StoreError) -> String? {
        try await write { connection throws(StoreError) in
            try connection.row(
                """
                UPDATE sync_queue SET change_id = lower(hex(randomblob(16))) WHERE user_id = ? AND change_id = ?
                RETURNING change_id
                """, [.text(userId), .text(change)])?.text(0)
        }
    }

    /// The user is gone and nothing of it is left to be settled: takes it out of the queue and gives the lease back.
    package func forget(_ userId: String) async throws(StoreError) {
        let owner = owner
        try await write { connection throws(StoreError) in
            if try Self.user(userId, &connection) == nil, try Self.pendingIntent(of: userId, &connection) == nil {
                try connection.change("DELETE FROM sync_queue WHERE user_id = ?", [.text(userId)])
            }
            try Self.release(.user(userId), owner, &connection)
        }
    }

    /// Puts a user into the queue when it is not there, and wakes it when it is.
    package func enqueue(_ userId: String, at now: Milliseconds) async throws(StoreError) {
        try await write { connection throws(StoreError) in try Self.enqueue(userId, at: now, &connection) }
    }

    // MARK: Pieces

    /// A count and one, in SQL: past the greatest integer SQLite goes on in floating point, which no such column takes.
    static func oneMore(_ column: String) -> String { "min(\(column), 2147483646) + 1" }

    /// Puts a user into the queue when it is not there.
    static func enqueueUnlessQueued(
        _ userId: String, at now: Milliseconds, _ connection: inout Connection
    ) throws(StoreError) {
        try connection.change(
            """
            INSERT INTO sync_queue (user_id, change_id, enqueued_at) VALUES (?, lower(hex(randomblob(16))), ?)
            ON CONFLICT (user_id) DO NOTHING
            """, [.text(userId), .integer(now)])
    }

    /// The same, and wakes it when it is there.
    static func enqueue(_ userId: String, at now: Milliseconds, _ connection: inout Connection) throws(StoreError) {
        try enqueueUnlessQueued(userId, at: now, &connection)
        try connection.change(
            "UPDATE sync_queue SET not_before = 0, parked = 0, error_type = NULL, error = NULL WHERE user_id = ?",
            [.text(userId)])
    }

    /// A trigger knows only SQLite's time; what the service itself writes goes by the service's clock.
    static func stampQueued(_ userId: String, at now: Milliseconds, _ connection: inout Connection) throws(StoreError) {
        try connection.change(
            "UPDATE sync_queue SET enqueued_at = min(enqueued_at, ?) WHERE user_id = ?", [.integer(now), .text(userId)])
    }

    static func complete(_ change: String, _ userId: String, _ connection: inout Connection) throws(StoreError) {
        try connection.change(
            "DELETE FROM sync_queue WHERE user_id = ? AND change_id = ?", [.text(userId), .text(change)])
    }
}
