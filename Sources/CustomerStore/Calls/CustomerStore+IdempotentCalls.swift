package import Environment
package import JSON
import SQLite

/// Calls that the host makes under idempotency keys of its own: each has its effect once.
///
/// Where the effect is in this database, the call is noted as done in the very transaction that has it (`complete`). Where it
/// is at Stripe the call is noted before (`begin`), and as done when Stripe has answered (`finish`); a repetition of a call
/// that was begun is carried on under the same key of Stripe's.
extension CustomerStore {
    /// - Returns: `nil` when nobody has called under this key.
    /// - Throws: `.keyReused` when somebody has, with other params.
    package func call(under key: HostKey) async throws(StoreError) -> NotedCall? {
        let seal = audit.key
        return try await read { connection throws(StoreError) in try Self.call(under: key, seal, &connection) }
    }

    /// Notes a call before Stripe is asked.
    /// - Parameters: Whom it is about, so that an erasure finds it whatever comes of it.
    /// - Throws: `.keyReused`.
    package func begin(
        _ key: HostKey, userId: String?, customerId: String?, at now: Milliseconds
    ) async throws(StoreError) -> NotedCall {
        let seal = audit.key
        return try await write { connection throws(StoreError) in
            if let call = try Self.call(under: key, seal, &connection) { return call }
            try Self.insert(key.sealed(seal), key.method, userId, customerId, isDone: false, at: now, &connection)
            return Self.newCall(key, seal, at: now)
        }
    }

    /// - Parameter answer: To be kept: nothing personal.
    /// - Returns: Whether nobody else has finished it before.
    package func finish(
        _ call: NotedCall, customerId: String?, answer: JSONValue?
    ) async throws(StoreError) -> Bool {
        try await write { connection throws(StoreError) in
            try connection.row(
                """
                UPDATE idempotent_calls SET done = 1, answer = ?, customer_id = coalesce(customer_id, ?)
                WHERE idempotency_key = ? AND done = 0 AND erased = 0 RETURNING 1
                """,
                [SQLiteValue(answer?.description), SQLiteValue(customerId), .text(call.sealed)]) != nil
        }
    }

    /// The call failed for good and has done nothing: the key may be used again.
    package func forget(_ call: NotedCall) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            try connection.change(
                "DELETE FROM idempotent_calls WHERE idempotency_key = ? AND done = 0 AND erased = 0",
                [.text(call.sealed)])
        }
    }

    /// Stripe has saved a failure under the call's key and would give it again for a day: the next attempt has another.
    package func renewKey(of call: NotedCall) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            try connection.change(
                "UPDATE idempotent_calls SET saved_failures = \(Self.oneMore("saved_failures")) WHERE idempotency_key = ?",
                [.text(call.sealed)])
        }
    }

    /// Forgets the oldest calls of before a time, a few in one transaction, so that others get in between.
    /// - Returns: Whether there may be more.
    package func forgetCalls(before time: Milliseconds) async throws(StoreError) -> Bool {
        try await write { connection throws(StoreError) in
            try connection.rows(
                """
                DELETE FROM idempotent_calls WHERE idempotency_key IN (
                    SELECT idempotency_key FROM idempotent_calls WHERE created_at < ? ORDER BY created_at LIMIT ?)
                RETURNING 1
                """, [.integer(time), SQLiteValue(Self.forgottenAtOnce)]
            ).count == Self.forgottenAtOnce
        }
    }

    private static let forgottenAtOnce = 500

    // MARK: Pieces

    /// Notes, in the transaction of what the call does, that it has been done.
    /// - Throws: `.callOvertaken`: then nothing of it happens.
    static func complete(
        _ key: HostKey?, userId: String?, customerId: String? = nil, _ seal: AuditKey, at now: Milliseconds,
        _ connection: inout Connection
    ) throws(StoreError) {
        guard let key else { return }
        try requireFirst(key, seal, &connection)
        try insert(key.sealed(seal), key.method, userId, customerId, isDone: true, at: now, &connection)
    }

    /// Looked at before anything that the first call may have made is found in the way of this one.
    /// - Throws: `.callOvertaken` when another call under the key has been carried out since the service looked.
    static func requireFirst(
        _ key: HostKey?, _ seal: AuditKey, _ connection: inout Connection
    ) throws(StoreError) {
        if let key, try call(under: key, seal, &connection) != nil { throw .callOvertaken }
    }

    private static func insert(
        _ key: SealedKey, _ method: String, _ userId: String?, _ customerId: String?, isDone: Bool,
        at now: Milliseconds, _ connection: inout Connection
    ) throws(StoreError) {
        try connection.change(
            """
            INSERT INTO idempotent_calls
                (idempotency_key, request_hash, method, user_id, customer_id, done, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(key.text), .text(key.requestHash), .text(method), SQLiteValue(userId), SQLiteValue(customerId),
                SQLiteValue(isDone), .integer(now),
            ])
    }

    static func call(
        under key: HostKey, _ seal: AuditKey, _ connection: inout Connection
    ) throws(StoreError) -> NotedCall? {
        let sealed = key.sealed(seal)
        // What was written before has the key as it is. Whose it was nobody knows, so it is no actor's own.
        let plain = key.owner == nil ? key.text : sealed.text
        let row = try connection.row(
            """
            SELECT idempotency_key, request_hash, method, user_id, customer_id, created_at, done, answer,
                saved_failures, of_earlier_life, erased
            FROM idempotent_calls WHERE idempotency_key IN (?, ?)
            """, [.text(sealed.text), .text(plain)])
        guard let row else { return nil }
        let isPlain = row.text(0) != sealed.text
        guard row.text(1) == (isPlain ? key.requestHash : sealed.requestHash) else { throw .keyReused }
        let (isOld, userId, customerId) = (row.text(2) == nil, row.text(3), row.text(4))
        // A createCustomer had its user from the beginning, and its customer when it was done.
        let wasDone = isOld && (customerId != nil || userId != nil && key.method != "createCustomer")
        return NotedCall(
            key: key, sealed: row.text(0) ?? "", since: row.integer(5) ?? 0, isDone: row.bool(6) || wasDone,
            isNew: false, userId: userId, customerId: customerId,
            answer: row.text(7).map { .object(storedObject($0)) }, isOfEarlierLife: row.bool(9),
            isErased: row.bool(10) || isOld && !isPlain,
            stripeKey: isPlain ? key.text : stripeKey(sealed, savedFailures: row.integer(8) ?? 0),
            hasRenewedKey: row.integer(8) != 0)
    }

    private static func newCall(_ key: HostKey, _ seal: AuditKey, at now: Milliseconds) -> NotedCall {
        let sealed = key.sealed(seal)
        return NotedCall(
            key: key, sealed: sealed.text, since: now, isDone: false, isNew: true, userId: nil, customerId: nil,
            answer: nil, isOfEarlierLife: false, isErased: false, stripeKey: stripeKey(sealed, savedFailures: 0),
            hasRenewedKey: false)
    }

    private static func stripeKey(_ key: SealedKey, savedFailures: Int64) -> String {
        savedFailures == 0 ? "call-\(key.text)" : "call-\(key.text)-\(savedFailures)"
    }

    /// Keeps of the calls about a user who is erased only that they came: a late repetition would otherwise bring back
    /// the user or the customer.
    /// - Returns: How many they are.
    @discardableResult
    static func sealCalls(
        where condition: String, _ argument: String, _ seal: AuditKey, _ connection: inout Connection
    ) throws(StoreError) -> Int {
        let old = try connection.rows(
            "SELECT idempotency_key, request_hash FROM idempotent_calls WHERE method IS NULL AND \(condition)",
            [.text(argument)])
        for row in old {
            let text = row.text(0) ?? ""
            try connection.change(
                "UPDATE idempotent_calls SET idempotency_key = ?, request_hash = ? WHERE idempotency_key = ?",
                [
                    .text(seal.hash("key " + text)),
                    .text(HostKey.sealed(requestHash: row.text(1) ?? "", seal)), .text(text),
                ])
        }
        return try connection.rows(
            """
            UPDATE idempotent_calls SET erased = 1, user_id = NULL, customer_id = NULL, answer = NULL
            WHERE \(condition) RETURNING 1
            """, [.text(argument)]
        ).count
    }
}
