package import Environment

/// A column in which somebody has written what can't be a time of ours.
package struct DoubtfulTimes: Sendable {
    package var table: String
    package var column: String
}

extension CustomerStore {
    /// The times that are acted upon or told.
    private static let times = [
        TimeColumn("sync_queue", "enqueued_at"), TimeColumn("sync_queue", "not_before"),
        TimeColumn("disposals", "requested_at"), TimeColumn("disposals", "not_before"),
        TimeColumn("create_intents", "created_at"), TimeColumn("idempotent_calls", "created_at"),
        TimeColumn("erasures", "requested_at"), TimeColumn("synced_profiles", "synced_at"),
        TimeColumn("stripe_events", "received_at"), TimeColumn("customer_news", "received_at"),
        TimeColumn("audit_events", "at"),
    ]
    /// So many rows of a table are looked at, for the look is at each start.
    private static let rowsMax = 10_000

    /// Where times lie before 1970, or further ahead than is believed: after the clock was set back, or by another
    /// program's hand. They are left as they are.
    /// - Parameter longest: How far ahead a time can have been meant.
    package func doubtfulTimes(ahead longest: Milliseconds) async throws(StoreError) -> [DoubtfulTimes] {
        let latest = StoredTime.latestBelieved(at: leaseClock.now(), ahead: longest)
        return try await read { rows throws(StoreError) in
            var found: [DoubtfulTimes] = []
            for time in Self.times where try rows.hasDoubtfulTime(time, after: latest, among: Self.rowsMax) {
                found.append(DoubtfulTimes(table: time.table, column: time.column))
            }
            return found
        }
    }
}
