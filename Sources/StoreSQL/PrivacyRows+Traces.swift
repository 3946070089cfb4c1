package import CustomerStore
package import JSON

extension SQLTransaction {
    package func removeTraces(
        of userId: String, _ customers: [String], hasNewLife: Bool
    ) throws(StoreError) -> [(table: String, count: Int)] {
        let (user, those) = (SQLValue.text(userId), SQLValue.texts(customers))
        var steps: [(table: String, condition: String, argument: SQLValue)] = [
            ("create_intents", "user_id = $1 AND state <> 'pending'", user),
            ("disposals", "user_id = $1 AND action <> 'delete'", user),
            ("archived_customers", Self.isOneOf("customer_id", "$1"), those),
            ("reconcile_customers", "owner = $1", user),
            ("reconcile_findings", "\(Self.jsonText("finding", "userId")) = $1", user),
            ("leases", Self.isOneOf("name", "$1"), .texts(customers.map { LeaseName.customer($0).text })),
            // customer_news stays: that the customer is deleted, so that an event that comes late doesn't give it to
            // whoever has the user's id by then. It is an id of Stripe's alone, and goes with the events.
        ]
        if !hasNewLife {
            steps += ["synced_profiles", "sync_queue", "stripe_customers_refused_fields"]
                .map { ($0, "user_id = $1", user) }
        }
        var counts: [(table: String, count: Int)] = []
        for step in steps {
            let count = try all("DELETE FROM \(step.table) WHERE \(step.condition) RETURNING 1", [step.argument]).count
            if count > 0, step.table != "leases" { counts.append((step.table, count)) }
        }
        // The rows stay: an event counts once, whoever it was about.
        let events = try all("UPDATE stripe_events SET user_id = NULL WHERE user_id = $1 RETURNING 1", [user]).count
        if events > 0 { counts.append(("stripe_events", events)) }
        return counts
    }

    // MARK: What is held

    package func rows(about userId: String) throws(StoreError) -> JSONObject {
        var stored: JSONObject = [:]
        for (table, columns) in tablesAboutUsers {
            let found = try all(
                "SELECT \(columns.joined(separator: ", ")) FROM \(table) WHERE user_id = $1", [.text(userId)])
            if !found.isEmpty { stored[table] = .array(found.map { .object(members(of: $0, columns)) }) }
        }
        return stored
    }
}

private func members(of row: any SQLRow, _ columns: [String]) -> JSONObject {
    var object: JSONObject = [:]
    for (index, column) in columns.enumerated() {
        object[column] =
            if let number = row.integer(index) {
                .number(JSONNumber(number))
            } else if let text = row.text(index) {
                asJSON.contains(column) ? (try? JSONValue(parsing: Array(text.utf8))) ?? .null : .string(text)
            } else {
                .null
            }
    }
    return object
}

private let asJSON: Set<String> = ["profile", "edits", "fields", "customer_ids", "answer"]

private let tablesAboutUsers: [(String, [String])] = [
    ("synced_profiles", ["user_id", "customer_id", "profile", "edits", "synced_at"]),
    (
        "create_intents",
        [
            "user_id", "generation", "fields", "vouched_email", "state", "disposal", "customer_id", "created_at",
            "settled_at",
        ]
    ),
    ("sync_queue", ["user_id", "enqueued_at", "attempts", "parked", "error_type", "error"]),
    ("stripe_customers_refused_fields", ["user_id", "field", "refused_by", "error_type", "error", "refused_at"]),
    ("disposals", ["user_id", "customer_id", "action", "requested_at", "attempts", "parked", "error_type", "error"]),
    ("erasures", ["user_id", "customer_ids", "requested_at"]),
    ("idempotent_calls", ["user_id", "method", "customer_id", "answer", "created_at"]),
    ("stripe_events", ["user_id", "event_id", "effect", "received_at"]),
]
