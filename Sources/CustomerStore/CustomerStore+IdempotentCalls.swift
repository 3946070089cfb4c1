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
    /// Seen before with other params.
    case mismatch
}

extension CustomerStore {
    package func beginIdempotentCall(
        _ key: String, requestHash: String, at now: Milliseconds
    ) async throws(StoreError) -> IdempotentCall {
        try await write { connection throws(StoreError) in
            let row = try connection.row(
                "SELECT request_hash, customer_id, created_at FROM idempotent_calls WHERE idempotency_key = ?",
                [.text(key)])
            guard let row else {
                try connection.change(
                    "INSERT INTO idempotent_calls (idempotency_key, request_hash, created_at) VALUES (?, ?, ?)",
                    [.text(key), .text(requestHash), .integer(now)])
                return .new
            }
            guard row.text(0) == requestHash else { return .mismatch }
            return row.text(1).map { .done(customerId: $0) } ?? .pending(since: row.integer(2) ?? 0)
        }
    }

    package func finishIdempotentCall(_ key: String, customerId: String) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            try connection.change(
                "UPDATE idempotent_calls SET customer_id = ? WHERE idempotency_key = ?",
                [.text(customerId), .text(key)])
        }
    }

    /// The call failed for good: the key may be used again.
    package func forgetIdempotentCall(_ key: String) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            try connection.change(
                "DELETE FROM idempotent_calls WHERE idempotency_key = ? AND customer_id IS NULL", [.text(key)])
        }
    }
}
