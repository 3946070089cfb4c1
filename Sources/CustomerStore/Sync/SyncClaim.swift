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

    init(_ facts: Situation) {
        user = facts.user
        synced = facts.synced?.profile
        intent = facts.intent
        change = facts.change
        isArchived = facts.isArchived
        refused = facts.refused
    }
}

/// One attempt to make a customer for a user, on disk before Stripe is called.
package struct CreateIntent: Sendable {
    package enum Disposal: String, Sendable { case archive, delete, keep }
    /// How it was settled.
    package enum End: String, Sendable { case linked, failed, abandoned }

    package var userId: String
    package var generation: Int
    package var idempotencyKey: String
    /// Exactly what is sent, whatever the user's row says by now.
    package var fields: JSONObject
    package var createdAt: Milliseconds
    package var serverFailures: Int
    /// What to do with the customer, since nobody wants it any more: its user is gone, whoever has the id by now, or was
    /// given another one. Nothing is sent for such an intent.
    package var disposal: Disposal?
    /// The address that the host vouches for, to the letter.
    package var vouchedEmail: String?
    /// When a look-up for what came of it, unwanted as it is, first found nothing.
    package var missedAt: Milliseconds?
    /// It was found on disk, so an earlier process or call may have sent it.
    package var isRecovered: Bool

    package init(
        userId: String, generation: Int, idempotencyKey: String, fields: JSONObject, createdAt: Milliseconds,
        serverFailures: Int, disposal: Disposal?, vouchedEmail: String?, missedAt: Milliseconds?, isRecovered: Bool
    ) {
        self.userId = userId
        self.generation = generation
        self.idempotencyKey = idempotencyKey
        self.fields = fields
        self.createdAt = createdAt
        self.serverFailures = serverFailures
        self.disposal = disposal
        self.vouchedEmail = vouchedEmail
        self.missedAt = missedAt
        self.isRecovered = isRecovered
    }
}

/// What a new intent is made of.
package struct IntentDraft: Sendable {
    package var idempotencyKey: String
    package var fields: JSONObject
    package var vouchedEmail: String?
    package init(idempotencyKey: String, fields: JSONObject, vouchedEmail: String? = nil) {
        self.idempotencyKey = idempotencyKey
        self.fields = fields
        self.vouchedEmail = vouchedEmail
    }
}

/// A user's entry in the sync queue.
package struct QueuedChange: Sendable {
    /// New with each change of the user.
    package var id: String
    package var attempts: Int

    package init(id: String, attempts: Int) {
        self.id = id
        self.attempts = attempts
    }
}
