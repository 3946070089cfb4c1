package import Environment
import JSON
import SQLite

/// A field of a user that one side refuses while the rest goes on.
package struct RefusedField: Sendable {
    package enum Side: String, Sendable {
        /// Stripe refuses the user's value.
        case stripe
        /// A rule of the users table refuses Stripe's value.
        case users
    }

    package var userId: String
    /// `email`, `metadata.plan`, …
    package var field: String
    package var side: Side
    package var errorType: String
    package var error: String
    package var since: Milliseconds
    /// The value is kept as a keyed hash alone.
    let valueHash: String
}

extension CustomerStore {
    /// Remembers that Stripe refuses the user's value of a field: it is not sent again until it changes.
    package func recordRefusal(
        _ field: String, value: String?, of userId: String, errorType: String, error: String, at now: Milliseconds
    ) async throws(StoreError) -> RefusedField {
        try await writeRecorded { connection, audit throws(StoreError) in
            let refused = RefusedField(
                userId: userId, field: field, side: .stripe, errorType: errorType, error: error, since: now,
                valueHash: Self.hash(field, value, of: userId, audit.key))
            try Self.insert(refused, &connection)
            try audit.record(
                "sync.field_parked", userId: userId, outcome: errorType, details: ["field": .string(field)], &connection
            )
            return refused
        }
    }

    /// Whether the value is the one that was refused.
    package func isRefused(_ value: String?, _ refused: RefusedField) -> Bool {
        Self.hash(refused.field, value, of: refused.userId, audit.key) == refused.valueHash
    }

    /// What is no longer refused, or is to be tried again.
    package func forgetRefusals(
        of userId: String, except fields: [String] = []
    ) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            try connection.change(
                """
                DELETE FROM stripe_customers_refused_fields
                WHERE user_id = ? AND refused_by = 'stripe' AND field NOT IN (SELECT value FROM json_each(?))
                """, [.text(userId), .text(storedJSON(fields))])
        }
    }

    /// Of one user, or of all, the longest refused first.
    package func refusedFields(of userId: String?, limit: Int) async throws(StoreError) -> [RefusedField] {
        try await read { connection throws(StoreError) in
            try connection.rows(
                """
                SELECT \(Self.refusedColumns) FROM stripe_customers_refused_fields WHERE ?1 IS NULL OR user_id = ?1
                ORDER BY refused_at, user_id, field LIMIT ?2
                """, [SQLiteValue(userId), SQLiteValue(limit)]
            ).compactMap(Self.refused)
        }
    }

    // MARK: Pieces

    static func refusedFields(of userId: String, _ connection: inout Connection) throws(StoreError) -> [RefusedField] {
        try connection.rows(
            "SELECT \(refusedColumns) FROM stripe_customers_refused_fields WHERE user_id = ?", [.text(userId)]
        ).compactMap(refused)
    }

    /// The fields that the users table refuses now, in place of those that it refused before.
    static func replaceRefusals(
        byUsersTable refusals: [(field: String, value: String?, error: StoreError)], of userId: String,
        _ audit: AuditRecorder, at now: Milliseconds, _ connection: inout Connection
    ) throws(StoreError) {
        try connection.change(
            "DELETE FROM stripe_customers_refused_fields WHERE user_id = ? AND refused_by = 'users'", [.text(userId)])
        for refusal in refusals {
            let refused = RefusedField(
                userId: userId, field: refusal.field, side: .users, errorType: refusal.error.refusal.type,
                error: refusal.error.refusal.text, since: now,
                valueHash: hash(refusal.field, refusal.value, of: userId, audit.key))
            try insert(refused, &connection)
        }
    }

    private static func insert(_ refused: RefusedField, _ connection: inout Connection) throws(StoreError) {
        try connection.change(
            """
            INSERT INTO stripe_customers_refused_fields
                (user_id, field, refused_by, value_hash, error_type, error, refused_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (user_id, field, refused_by) DO UPDATE SET
                value_hash = excluded.value_hash, error_type = excluded.error_type, error = excluded.error
            """,
            [
                .text(refused.userId), .text(refused.field), .text(refused.side.rawValue), .text(refused.valueHash),
                .text(refused.errorType), .text(refused.error), .integer(refused.since),
            ])
    }

    /// The user goes in, so that equal values of two users don't show.
    private static func hash(_ field: String, _ value: String?, of userId: String, _ key: AuditKey) -> String {
        key.hash([userId, field, value ?? "\u{0}"].map { "\($0.utf8.count):\($0)" }.joined())
    }

    private static let refusedColumns = "user_id, field, refused_by, value_hash, error_type, error, refused_at"

    private static func refused(_ row: Row) -> RefusedField? {
        guard let side = row.text(2).flatMap(RefusedField.Side.init) else { return nil }
        return RefusedField(
            userId: row.text(0) ?? "", field: row.text(1) ?? "", side: side, errorType: row.text(4) ?? "",
            error: row.text(5) ?? "", since: row.integer(6) ?? 0, valueHash: row.text(3) ?? "")
    }
}

extension StoreError {
    /// As the service names it.
    fileprivate var refusal: (type: String, text: String) {
        if case .userExists = self { return ("user_already_exists", "Another user has the address") }
        return ("users_table_refused", description)
    }
}
