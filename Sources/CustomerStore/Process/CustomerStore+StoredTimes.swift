package import Environment
import SQLite

/// A column in which somebody has written what can't be a time of ours.
package struct DoubtfulTimes: Sendable {
    package var table: String
    package var column: String
}

extension CustomerStore {
    /// The times that are acted upon or told.
    private static let times = [
        ("sync_queue", "enqueued_at"), ("sync_queue", "not_before"), ("disposals", "requested_at"),
        ("disposals", "not_before"), ("create_intents", "created_at"), ("idempotent_calls", "created_at"),
        ("erasures", "requested_at"), ("synced_profiles", "synced_at"), ("stripe_events", "received_at"),
        ("customer_news", "received_at"), ("audit_events", "at"),
    ]
    /// So many rows of a table are looked at, for the look is at each start.
    private static let rowsMax = 10_000

    /// Where times lie before 1970, or further ahead than is believed: after the clock was set back, or by another
    /// program's hand. They are left as they are.
    /// - Parameter longest: How far ahead a time can have been meant.
    package func doubtfulTimes(ahead longest: Milliseconds) async throws(StoreError) -> [DoubtfulTimes] {
        let latest = StoredTime.latestBelieved(at: leaseClock.now(), ahead: longest)
        return try await read { connection throws(StoreError) in
            var found: [DoubtfulTimes] = []
            for (table, column) in Self.times {
                let row = try connection.row(
                    """
                    SELECT 1 FROM (SELECT \(column) AS time FROM \(table) LIMIT \(Self.rowsMax))
                    WHERE time NOT BETWEEN 0 AND ?
                    """, [.integer(latest)])
                if row != nil { found.append(DoubtfulTimes(table: table, column: column)) }
            }
            return found
        }
    }
}
