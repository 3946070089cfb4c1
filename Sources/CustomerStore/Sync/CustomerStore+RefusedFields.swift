package import Environment
import JSON

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
    package let valueHash: String

    package init(
        userId: String, field: String, side: Side, errorType: String, error: String, since: Milliseconds,
        valueHash: String
    ) {
        self.userId = userId
        self.field = field
        self.side = side
        self.errorType = errorType
        self.error = error
        self.since = since
        self.valueHash = valueHash
    }
}

extension CustomerStore {
    /// Remembers that Stripe refuses the user's value of a field: it is not sent again until it changes.
    package func recordRefusal(
        _ field: String, value: String?, of userId: String, errorType: String, error: String, at now: Milliseconds
    ) async throws(StoreError) -> RefusedField {
        try await writeRecorded(locking: [.user(userId)]) { rows, audit throws(StoreError) in
            let refused = RefusedField(
                userId: userId, field: field, side: .stripe, errorType: errorType, error: error, since: now,
                valueHash: Self.hash(field, value, of: userId, audit.key))
            try rows.putRefusal(refused)
            try audit.record(
                "sync.field_parked", userId: userId, outcome: errorType, details: ["field": .string(field)])
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
        try await write { rows throws(StoreError) in
            try rows.dropRefusals(of: userId, by: .stripe, except: fields)
        }
    }

    /// Of one user, or of all, the longest refused first.
    package func refusedFields(of userId: String?, limit: Int) async throws(StoreError) -> [RefusedField] {
        try await read { rows throws(StoreError) in try rows.refusals(of: userId, limit: limit) }
    }

    // MARK: Pieces

    /// The fields that the users table refuses now, in place of those that it refused before.
    static func replaceRefusals(
        byUsersTable refusals: [(field: String, value: String?, error: StoreError)], of userId: String,
        _ audit: AuditRecorder, at now: Milliseconds, _ rows: any StoreTransaction
    ) throws(StoreError) {
        try rows.dropRefusals(of: userId, by: .users, except: [])
        for refusal in refusals {
            let refused = RefusedField(
                userId: userId, field: refusal.field, side: .users, errorType: refusal.error.refusal.type,
                error: refusal.error.refusal.text, since: now,
                valueHash: hash(refusal.field, refusal.value, of: userId, audit.key))
            try rows.putRefusal(refused)
        }
    }

    /// The user goes in, so that equal values of two users don't show.
    private static func hash(_ field: String, _ value: String?, of userId: String, _ key: AuditKey) -> String {
        key.hash([userId, field, value ?? "\u{0}"].map { "\($0.utf8.count):\($0)" }.joined())
    }
}

extension StoreError {
    /// As the service names it.
    fileprivate var refusal: (type: String, text: String) {
        if case .userExists = self { return ("user_already_exists", "Another user has the address") }
        return ("users_table_refused", description)
    }
}
