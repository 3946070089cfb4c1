package import CustomerStore
package import Environment
import JSON

extension SQLTransaction {
    package func hasPendingIntent(of userId: String) throws(StoreError) -> Bool {
        try has("SELECT 1 FROM create_intents WHERE user_id = $1 AND state = 'pending'", [.text(userId)])
    }

    package func insertIntent(
        _ draft: IntentDraft, of userId: String, at now: Milliseconds
    ) throws(StoreError) -> Int {
        let row = try row(
            """
            INSERT INTO create_intents (user_id, generation, idempotency_key, fields, state, created_at, vouched_email)
            SELECT $1, 1 + coalesce(max(generation), 0), $2, $3, 'pending', $4, $5 FROM create_intents WHERE user_id = $1
            RETURNING generation
            """,
            [
                .text(userId), .text(draft.idempotencyKey), .text(storedJSON(draft.fields)), .integer(now),
                SQLValue(draft.vouchedEmail),
            ])
        return Int(row?.integer(0) ?? 1)
    }

    package func settle(
        _ intent: CreateIntent, as end: CreateIntent.End, customerId: String?, at now: Milliseconds
    ) throws(StoreError) {
        try change(
            """
            UPDATE create_intents
            SET state = $3, customer_id = $4, settled_at = $5, fields = '{}', vouched_email = NULL
            WHERE \(isIntent) AND state = 'pending'
            """, intent.key + [.text(end.rawValue), SQLValue(customerId), .integer(now)])
    }

    package func countServerFailure(of intent: CreateIntent) throws(StoreError) {
        try change(
            "UPDATE create_intents SET server_failures = \(oneMore("server_failures")) WHERE \(isIntent)", intent.key)
    }

    package func setKey(of intent: CreateIntent, to key: String) throws(StoreError) {
        try change(
            "UPDATE create_intents SET idempotency_key = $3 WHERE \(isIntent) AND state = 'pending'",
            intent.key + [.text(key)])
    }

    package func markMissed(_ intent: CreateIntent, at now: Milliseconds) throws(StoreError) -> Milliseconds? {
        try row(
            "UPDATE create_intents SET missed_at = coalesce(missed_at, $3) WHERE \(isIntent) RETURNING missed_at",
            intent.key + [.integer(now)])?.integer(0)
    }

    package func setDisposal(
        ofPendingIntentOf userId: String, to disposal: CreateIntent.Disposal
    ) throws(StoreError) {
        try change(
            "UPDATE create_intents SET disposal = $2 WHERE user_id = $1 AND state = 'pending'",
            [.text(userId), .text(disposal.rawValue)])
    }

    package func takeFromOthers(_ customerId: String, than userId: String) throws(StoreError) {
        try change(
            "UPDATE create_intents SET customer_id = NULL WHERE customer_id = $1 AND user_id <> $2",
            [.text(customerId), .text(userId)])
    }
}

private let isIntent = "user_id = $1 AND generation = $2"

extension CreateIntent {
    fileprivate var key: [SQLValue] { [.text(userId), SQLValue(generation)] }
}
