package import Environment
import SQLite

/// What waits for the operator for one reason.
package struct OperatorWait: Sendable {
    package var errorType: String
    package var error: String
    /// How many users and customers, at most `CustomerStore.operatorWaitsMax` for all reasons together.
    package var changes: Int
    /// When the oldest of them was queued.
    package var since: Milliseconds
}

extension CustomerStore {
    /// Past this many the count says enough, and asking stays cheap.
    private static let operatorWaitsMax = 1_000
    private static let operatorReasonsMax = 5

    /// What can't go on before the operator does something, by reason, the commonest first.
    package func waitingForOperator() async throws(StoreError) -> [OperatorWait] {
        try await read { connection throws(StoreError) in
            try connection.rows(
                """
                SELECT error_type, error, count(*), min(since) FROM (
                    SELECT error_type, error, enqueued_at AS since FROM sync_queue
                    WHERE for_operator = 1 AND parked = 0 AND error_type IS NOT NULL
                    UNION ALL
                    SELECT error_type, error, requested_at FROM disposals
                    WHERE for_operator = 1 AND parked = 0 AND error_type IS NOT NULL
                    LIMIT ?)
                GROUP BY error_type, error ORDER BY 3 DESC, 2 LIMIT ?
                """, [SQLiteValue(Self.operatorWaitsMax), SQLiteValue(Self.operatorReasonsMax)]
            ).map { row in
                OperatorWait(
                    errorType: row.text(0) ?? "", error: row.text(1) ?? "", changes: Int(row.integer(2) ?? 0),
                    since: row.integer(3) ?? 0)
            }
        }
    }
}
