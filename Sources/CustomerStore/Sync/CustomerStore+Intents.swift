package import Environment
import JSON
import SQLite

extension CustomerStore {
    /// Notes one more 5xx answer of Stripe's own under the intent's key.
    package func recordServerFailure(_ intent: CreateIntent) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            try connection.change(
                """
                UPDATE create_intents SET server_failures = \(Self.oneMore("server_failures"))
                WHERE user_id = ? AND generation = ?
                """,
                [.text(intent.userId), SQLiteValue(intent.generation)])
        }
    }

    /// Stripe refused the create as it is: the intent is settled without a customer.
    package func failIntent(_ intent: CreateIntent, at now: Milliseconds) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            try Self.settle(intent, as: "failed", customerId: nil, at: now, &connection)
        }
    }

    /// The same create under another key: nothing came of it under the old one, whose saved answer is of no use.
    package func renewKey(of intent: CreateIntent, to key: String) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            try connection.change(
                """
                UPDATE create_intents SET idempotency_key = ? WHERE user_id = ? AND generation = ? AND state = 'pending'
                """, [.text(key), .text(intent.userId), SQLiteValue(intent.generation)])
        }
    }

    /// Stripe knows of nothing that came of a create that nobody wants.
    /// - Returns: Since when.
    package func missIntent(_ intent: CreateIntent, at now: Milliseconds) async throws(StoreError) -> Milliseconds {
        try await write { connection throws(StoreError) in
            try connection.row(
                """
                UPDATE create_intents SET missed_at = coalesce(missed_at, ?) WHERE user_id = ? AND generation = ?
                RETURNING missed_at
                """, [.integer(now), .text(intent.userId), SQLiteValue(intent.generation)]
            )?.integer(0) ?? now
        }
    }

    // MARK: Pieces

    static func pendingIntent(of userId: String, _ connection: inout Connection) throws(StoreError) -> CreateIntent? {
        try connection.row(
            """
            SELECT generation, idempotency_key, fields, created_at, server_failures, disposal, vouched_email,
                missed_at
            FROM create_intents WHERE user_id = ? AND state = 'pending'
            """, [.text(userId)]
        ).map { row in
            CreateIntent(
                userId: userId, generation: Int(row.integer(0) ?? 1), idempotencyKey: row.text(1) ?? "",
                fields: storedObject(row.text(2)), createdAt: row.integer(3) ?? 0,
                serverFailures: Int(row.integer(4) ?? 0), disposal: row.text(5).flatMap(CreateIntent.Disposal.init),
                vouchedEmail: row.text(6), missedAt: row.integer(7), isRecovered: true)
        }
    }

    static func disposal(
        of intent: CreateIntent, _ connection: inout Connection
    ) throws(StoreError) -> CreateIntent.Disposal? {
        try connection.row(
            "SELECT disposal FROM create_intents WHERE user_id = ? AND generation = ?",
            [.text(intent.userId), SQLiteValue(intent.generation)]
        )?.text(0).flatMap(CreateIntent.Disposal.init)
    }

    static func insertIntent(
        _ draft: IntentDraft, userId: String, at now: Milliseconds, _ connection: inout Connection
    ) throws(StoreError) -> CreateIntent {
        let row = try connection.row(
            """
            INSERT INTO create_intents (user_id, generation, idempotency_key, fields, state, created_at, vouched_email)
            SELECT ?1, 1 + coalesce(max(generation), 0), ?2, ?3, 'pending', ?4, ?5 FROM create_intents WHERE user_id = ?1
            RETURNING generation
            """,
            [
                .text(userId), .text(draft.idempotencyKey), .text(storedJSON(draft.fields)), .integer(now),
                SQLiteValue(draft.vouchedEmail),
            ])
        return CreateIntent(
            userId: userId, generation: Int(row?.integer(0) ?? 1), idempotencyKey: draft.idempotencyKey,
            fields: draft.fields, createdAt: now, serverFailures: 0, disposal: nil,
            vouchedEmail: draft.vouchedEmail, missedAt: nil, isRecovered: false)
    }

    static func settle(
        _ intent: CreateIntent, as state: String, customerId: String?, at now: Milliseconds,
        _ connection: inout Connection
    ) throws(StoreError) {
        try connection.change(
            """
            UPDATE create_intents
            SET state = ?, customer_id = ?, settled_at = ?, fields = '{}', vouched_email = NULL
            WHERE user_id = ? AND generation = ? AND state = 'pending'
            """,
            [
                .text(state), SQLiteValue(customerId), .integer(now), .text(intent.userId),
                SQLiteValue(intent.generation),
            ])
    }
}
