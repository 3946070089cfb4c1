package import Environment
import SQLite

extension CustomerStore {
    /// From here on the customer is not synced if it has a user, and not adopted by a look-up if it has none.
    static func insertArchived(
        _ customerId: String, at now: Milliseconds, _ connection: inout Connection
    ) throws(StoreError) {
        try connection.change(
            "INSERT INTO archived_customers (customer_id, archived_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [.text(customerId), .integer(now)])
    }

    /// The customer is synced again; what its user changed meanwhile goes into the queue.
    package func markRestored(_ customerId: String, at now: Milliseconds) async throws(StoreError) {
        try await writeRecorded { connection, audit throws(StoreError) in
            try connection.change("DELETE FROM archived_customers WHERE customer_id = ?", [.text(customerId)])
            try connection.change(
                "DELETE FROM disposals WHERE customer_id = ? AND action = 'archive'", [.text(customerId)])
            if let userId = try Self.linkedUser(of: customerId, &connection) {
                try Self.enqueue(userId, at: now, &connection)
            }
            try audit.record(
                "customer.restored", userId: try Self.linkedUser(of: customerId, &connection), customerId: customerId,
                &connection)
        }
    }
}
