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
}

extension CustomerStore {
    /// - Parameter userId: Whom it is about, so that an erasure finds it whatever comes of it.
    /// - Throws: `.keyReused` when it was seen before with other params.
    package func beginIdempotentCall(
        _ key: HostKey, about userId: String?, at now: Milliseconds
    ) async throws(StoreError) -> IdempotentCall {
        try await write { connection throws(StoreError) in
            if let row = try Self.call(under: key, &connection) {
                return row.text(0).map { .done(customerId: $0) } ?? .pending(since: row.integer(1) ?? 0)
            }
            try connection.change(
                "INSERT INTO idempotent_calls (idempotency_key, request_hash, user_id, created_at) VALUES (?, ?, ?, ?)",
                [.text(key.text), .text(key.requestHash), SQLiteValue(userId), .integer(now)])
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

    // MARK: Registrations

    /// The user that was registered under this key, as it is now; `nil` when there was none, or it is gone since.
    static func user(registeredUnder key: HostKey, _ connection: inout Connection) throws(StoreError) -> User? {
        guard let userId = try call(under: key, &connection)?.text(2) else { return nil }
        return try user(userId, &connection)
    }

    static func note(
        _ userId: String, registeredUnder key: HostKey, at now: Milliseconds, _ connection: inout Connection
    ) throws(StoreError) {
        try connection.change(
            """
            INSERT INTO idempotent_calls (idempotency_key, request_hash, user_id, created_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (idempotency_key) DO UPDATE SET user_id = excluded.user_id, created_at = excluded.created_at
            """, [.text(key.text), .text(key.requestHash), .text(userId), .integer(now)])
    }

    /// `customer_id`, `created_at`, `user_id` of the call that was made under this key.
    private static func call(under key: HostKey, _ connection: inout Connection) throws(StoreError) -> Row? {
        let row = try connection.row(
            "SELECT customer_id, created_at, user_id, request_hash FROM idempotent_calls WHERE idempotency_key = ?",
            [.text(key.text)])
        if let row, row.text(3) != key.requestHash { throw .keyReused }
        return row
    }
}
