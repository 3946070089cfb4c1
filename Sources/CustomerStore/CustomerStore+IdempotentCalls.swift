package import Environment
internal import SQLite

/// What is known of a call that the host made under an idempotency key of its own.
package enum IdempotentCall: Sendable {
    /// Never seen before; it is on disk now.
    case new
    /// Seen before with the same params; what came of it is unknown.
    case pending(since: Milliseconds)
    /// Seen before with the same params, and this customer came of it.
    case done(customerId: String)
    /// Seen before with the same params; what came of it was erased.
    case erased
}

extension CustomerStore {
    /// - Parameter userId: Whom it is about, so that an erasure finds it whatever comes of it.
    /// - Throws: `.keyReused` when it was seen before with other params.
    package func beginIdempotentCall(
        _ key: HostKey, about userId: String?, at now: Milliseconds
    ) async throws(StoreError) -> IdempotentCall {
        let seal = audit.key
        return try await write { connection throws(StoreError) in
            if let call = try Self.call(under: key, seal, &connection) {
                guard !call.isErased else { return .erased }
                return call.customerId.map { .done(customerId: $0) } ?? .pending(since: call.createdAt)
            }
            try Self.note(key, userId: userId, at: now, &connection)
            return .new
        }
    }

    package func finishIdempotentCall(_ key: HostKey, customerId: String) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            try connection.change(
                "UPDATE idempotent_calls SET customer_id = ? WHERE idempotency_key = ?",
                [.text(customerId), .text(key.text)])
        }
    }

    /// The call failed for good: the key may be used again.
    package func forgetIdempotentCall(_ key: HostKey) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            try connection.change(
                "DELETE FROM idempotent_calls WHERE idempotency_key = ? AND customer_id IS NULL", [.text(key.text)])
        }
    }

    /// Whether a call under this key has been carried out before.
    /// - Throws: `.keyReused` when it was another call.
    package func isNoted(_ key: HostKey) async throws(StoreError) -> Bool {
        let seal = audit.key
        return try await read { connection throws(StoreError) in
            try Self.call(under: key, seal, &connection) != nil
        }
    }

    // MARK: Pieces

    /// What is known of a call under a key.
    struct NotedCall {
        var customerId: String?
        var userId: String?
        var createdAt: Milliseconds
        var isOfEarlierLife: Bool
        /// The user whom it was about, or the customer that came of it, was erased.
        var isErased: Bool
    }

    static func call(
        under key: HostKey, _ seal: AuditKey, _ connection: inout Connection
    ) throws(StoreError) -> NotedCall? {
        let sealed = key.sealed(seal)
        let row = try connection.row(
            """
            SELECT idempotency_key, request_hash, customer_id, user_id, created_at, of_earlier_life
            FROM idempotent_calls WHERE idempotency_key IN (?, ?)
            """, [.text(key.text), .text(sealed.text)])
        guard let row else { return nil }
        let isErased = row.text(0) == sealed.text
        guard row.text(1) == (isErased ? sealed : key).requestHash else { throw .keyReused }
        return NotedCall(
            customerId: row.text(2), userId: row.text(3), createdAt: row.integer(4) ?? 0,
            isOfEarlierLife: row.bool(5), isErased: isErased)
    }

    /// The user that was registered under this key, as it is now; `nil` when the key is new.
    /// - Throws: `.userGone` when there was one.
    static func user(
        registeredUnder key: HostKey, _ seal: AuditKey, _ connection: inout Connection
    ) throws(StoreError) -> User? {
        guard let call = try call(under: key, seal, &connection) else { return nil }
        if !call.isOfEarlierLife, let userId = call.userId, let user = try user(userId, &connection) { return user }
        throw .userGone(userId: call.userId)
    }

    /// Where it is in the transaction of what the call does, the outcome is never unknown.
    static func note(
        _ key: HostKey, userId: String?, customerId: String? = nil, at now: Milliseconds,
        _ connection: inout Connection
    ) throws(StoreError) {
        try connection.change(
            """
            INSERT INTO idempotent_calls (idempotency_key, request_hash, customer_id, user_id, created_at)
            VALUES (?, ?, ?, ?, ?)
            """,
            [
                .text(key.text), .text(key.requestHash), SQLiteValue(customerId), SQLiteValue(userId), .integer(now),
            ])
    }

    /// Keeps of the calls about a user who is erased only that they came: a late repetition would otherwise bring back
    /// the user or the customer.
    /// - Returns: How many they are.
    @discardableResult
    static func sealCalls(
        where condition: String, _ argument: String, _ seal: AuditKey, _ connection: inout Connection
    ) throws(StoreError) -> Int {
        let rows = try connection.rows(
            "SELECT idempotency_key, request_hash FROM idempotent_calls WHERE \(condition)", [.text(argument)])
        for row in rows {
            let key = HostKey(text: row.text(0) ?? "", requestHash: row.text(1) ?? "")
            let sealed = key.sealed(seal)
            try connection.change(
                """
                UPDATE idempotent_calls SET idempotency_key = ?, request_hash = ?, customer_id = NULL, user_id = NULL
                WHERE idempotency_key = ?
                """, [.text(sealed.text), .text(sealed.requestHash), .text(key.text)])
        }
        return rows.count
    }
}
