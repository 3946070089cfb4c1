package import Environment
import SQLite

/// The sync queue in figures.
package struct QueueStatus: Sendable {
    /// What waits for its turn: users and disposals.
    package var pending: Int
    package var parked: Int
    /// When the oldest waiting change was made.
    package var oldestAt: Milliseconds?
    /// Creates whose outcome is unknown.
    package var intents: Int
}

/// What is queued for a user: a change or a disposal that waits for its turn, or is parked because it can't succeed until
/// something changes.
package struct QueueEntry: Sendable {
    package var userId: String
    package var customerId: String?
    package var errorType: String
    package var error: String
    package var since: Milliseconds
    package var attempts: Int
    package var isParked: Bool
}

extension CustomerStore {
    package func queueStatus() async throws(StoreError) -> QueueStatus {
        try await read { connection throws(StoreError) in
            let row = try connection.row(
                """
                SELECT (SELECT count(*) FROM sync_queue WHERE parked = 0) + (SELECT count(*) FROM disposals WHERE parked = 0),
                    (SELECT count(*) FROM sync_queue WHERE parked = 1) + (SELECT count(*) FROM disposals WHERE parked = 1)
                        + (SELECT count(*) FROM stripe_customers_refused_fields WHERE refused_by = 'stripe'),
                    (SELECT min(enqueued_at) FROM sync_queue WHERE parked = 0),
                    (SELECT count(*) FROM create_intents WHERE state = 'pending')
                """)
            return QueueStatus(
                pending: Int(row?.integer(0) ?? 0), parked: Int(row?.integer(1) ?? 0), oldestAt: row?.integer(2),
                intents: Int(row?.integer(3) ?? 0))
        }
    }

    /// What is parked, or everything queued for one user.
    package func queuedChanges(of userId: String?, limit: Int) async throws(StoreError) -> [QueueEntry] {
        try await read { connection throws(StoreError) in
            try connection.rows(
                """
                SELECT user_id, NULL, error_type, error, enqueued_at, attempts, parked FROM sync_queue
                WHERE (?1 IS NULL AND parked = 1) OR user_id = ?1
                UNION ALL
                SELECT user_id, customer_id, error_type, error, requested_at, attempts, parked FROM disposals
                WHERE (?1 IS NULL AND parked = 1) OR user_id = ?1
                ORDER BY 5 LIMIT ?2
                """, [SQLiteValue(userId), SQLiteValue(limit)]
            ).map { row in
                QueueEntry(
                    userId: row.text(0) ?? "", customerId: row.text(1), errorType: row.text(2) ?? "",
                    error: row.text(3) ?? "", since: row.integer(4) ?? 0, attempts: Int(row.integer(5) ?? 0),
                    isParked: row.bool(6))
            }
        }
    }

    package func schemaVersion() async throws(StoreError) -> Int {
        try await read { connection throws(StoreError) in try MigrationRunner.newestVersion(&connection) }
    }
}
