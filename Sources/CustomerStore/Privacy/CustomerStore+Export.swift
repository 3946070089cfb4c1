package import JSON
import SQLite

/// What is held about a user.
extension CustomerStore {
    /// Every row about the user in the tables of this process, by table; the user's own row is `user(_:)`.
    package func rows(about userId: String) async throws(StoreError) -> JSONObject {
        try await read { connection throws(StoreError) in
            var stored: JSONObject = [:]
            for (table, columns) in Self.tablesAboutUsers {
                let pairs = columns.map { "'\($0)', \(Self.asJSON.contains($0) ? "json(\($0))" : $0)" }
                let rows = try connection.rows(
                    "SELECT json_object(\(pairs.joined(separator: ", "))) FROM \(table) WHERE user_id = ?",
                    [.text(userId)])
                if !rows.isEmpty { stored[table] = .array(rows.map { .object(storedObject($0.text(0))) }) }
            }
            return stored
        }
    }

    private static let asJSON: Set<String> = ["profile", "edits", "fields", "customer_ids", "answer"]
    private static let tablesAboutUsers: [(String, [String])] = [
        ("synced_profiles", ["user_id", "customer_id", "profile", "edits", "synced_at"]),
        (
            "create_intents",
            [
                "user_id", "generation", "fields", "vouched_email", "state", "disposal", "customer_id", "created_at",
                "settled_at",
            ]
        ),
        ("sync_queue", ["user_id", "enqueued_at", "attempts", "parked", "error_type", "error"]),
        (
            "stripe_customers_refused_fields",
            ["user_id", "field", "refused_by", "error_type", "error", "refused_at"]
        ),
        (
            "disposals",
            ["user_id", "customer_id", "action", "requested_at", "attempts", "parked", "error_type", "error"]
        ),
        ("erasures", ["user_id", "customer_ids", "requested_at"]),
        ("idempotent_calls", ["user_id", "method", "customer_id", "answer", "created_at"]),
        ("stripe_events", ["user_id", "event_id", "effect", "received_at"]),
    ]
}
