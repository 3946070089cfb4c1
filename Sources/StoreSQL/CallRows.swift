package import CustomerStore
package import Environment
package import JSON

extension SQLTransaction {
    package func call(under keys: [String]) throws(StoreError) -> CallRow? {
        let row = try row(
            """
            SELECT idempotency_key, request_hash, method, user_id, customer_id, created_at, done, answer,
                saved_failures, of_earlier_life, erased
            FROM idempotent_calls WHERE \(Self.isOneOf("idempotency_key", "$1"))
            """, [.texts(keys)])
        return row.map { row in
            var call = CallRow(
                key: row.text(0) ?? "", requestHash: row.text(1) ?? "", method: row.text(2), userId: row.text(3),
                customerId: row.text(4), createdAt: row.integer(5) ?? 0)
            call.isDone = row.bool(6)
            call.answer = row.text(7).map { storedObject($0) }
            call.savedFailures = row.integer(8) ?? 0
            call.isOfEarlierLife = row.bool(9)
            call.isErased = row.bool(10)
            return call
        }
    }

    package func insertCall(_ call: CallRow) throws(StoreError) {
        try change(
            """
            INSERT INTO idempotent_calls
                (idempotency_key, request_hash, method, user_id, customer_id, done, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                .text(call.key), .text(call.requestHash), SQLValue(call.method), SQLValue(call.userId),
                SQLValue(call.customerId), SQLValue(call.isDone), .integer(call.createdAt),
            ])
    }

    package func finishCall(_ key: String, customerId: String?, answer: JSONValue?) throws(StoreError) -> Bool {
        try has(
            """
            UPDATE idempotent_calls SET done = 1, answer = $2, customer_id = coalesce(customer_id, $3)
            WHERE idempotency_key = $1 AND done = 0 AND erased = 0 RETURNING 1
            """, [.text(key), SQLValue(answer?.description), SQLValue(customerId)])
    }

    package func removeCall(_ key: String) throws(StoreError) {
        try change(
            "DELETE FROM idempotent_calls WHERE idempotency_key = $1 AND done = 0 AND erased = 0", [.text(key)])
    }

    package func countSavedFailure(of key: String) throws(StoreError) {
        try change(
            "UPDATE idempotent_calls SET saved_failures = \(oneMore("saved_failures")) WHERE idempotency_key = $1",
            [.text(key)])
    }

    package func dropCalls(before time: Milliseconds, limit: Int) throws(StoreError) -> Int {
        try all(
            """
            DELETE FROM idempotent_calls WHERE idempotency_key IN (
                SELECT idempotency_key FROM idempotent_calls WHERE created_at < $1 ORDER BY created_at LIMIT $2)
            RETURNING 1
            """, [.integer(time), SQLValue(limit)]
        ).count
    }

    package func endCalls(of userId: String) throws(StoreError) {
        try change("UPDATE idempotent_calls SET of_earlier_life = 1 WHERE user_id = $1", [.text(userId)])
    }

    // MARK: Erasing

    package func plainCalls(about subject: CallSubject) throws(StoreError) -> [(key: String, requestHash: String)] {
        let (condition, argument) = Self.isAbout(subject)
        return try all(
            "SELECT idempotency_key, request_hash FROM idempotent_calls WHERE method IS NULL AND (\(condition))",
            [argument]
        ).map { ($0.text(0) ?? "", $0.text(1) ?? "") }
    }

    package func sealCall(_ key: String, as sealed: String, requestHash: String) throws(StoreError) {
        try change(
            "UPDATE idempotent_calls SET idempotency_key = $2, request_hash = $3 WHERE idempotency_key = $1",
            [.text(key), .text(sealed), .text(requestHash)])
    }

    package func eraseCalls(about subject: CallSubject) throws(StoreError) -> Int {
        let (condition, argument) = Self.isAbout(subject)
        return try all(
            """
            UPDATE idempotent_calls SET erased = 1, user_id = NULL, customer_id = NULL, answer = NULL
            WHERE \(condition) RETURNING 1
            """, [argument]
        ).count
    }

    private static func isAbout(_ subject: CallSubject) -> (condition: String, argument: SQLValue) {
        switch subject {
        case .user(let id): ("user_id = $1", .text(id))
        case .customers(let ids): (isOneOf("customer_id", "$1"), .texts(ids))
        }
    }
}
