package import Environment
package import JSON

/// What is known about a user at the moment at which this process got the lease on it.
package struct SyncClaim: Sendable {
    /// `nil` when the user was deleted and only a create of its is still to be settled.
    package var user: User?
    /// The profile as Stripe was last told it; `nil` when the user has no customer or nothing was compared yet.
    package var synced: JSONObject?
    /// The create whose outcome is unknown.
    package var intent: CreateIntent?
    /// The change that waits in the queue.
    package var change: QueuedChange?
    /// The customer is archived: not to be synced.
    package var isArchived: Bool
    /// The fields that one side refuses, whether or not they have changed since.
    package var refused: [RefusedField] = []
}

/// One attempt to make a customer for a user, on disk before Stripe is called.
package struct CreateIntent: Sendable {
    package enum Disposal: String, Sendable { case archive, delete, keep }

    package var userId: String
    package var generation: Int
    package var idempotencyKey: String
    /// Exactly what is sent, whatever the user's row says by now.
    package var fields: JSONObject
    package var createdAt: Milliseconds
    package var serverFailures: Int
    /// What to do with the customer when the user no longer wants it.
    package var disposal: Disposal?
    /// The host vouches for the address in `fields`.
    package var isEmailVerified: Bool
    /// It was found on disk, so an earlier process or call may have sent it.
    package var isRecovered: Bool
}

/// What a new intent is made of.
package struct IntentDraft: Sendable {
    package var idempotencyKey: String
    package var fields: JSONObject
    package var isEmailVerified: Bool
    package init(idempotencyKey: String, fields: JSONObject, isEmailVerified: Bool) {
        self.idempotencyKey = idempotencyKey
        self.fields = fields
        self.isEmailVerified = isEmailVerified
    }
}

/// A user's entry in the sync queue.
package struct QueuedChange: Sendable {
    /// New with each change of the user.
    package var id: String
    package var attempts: Int
}
