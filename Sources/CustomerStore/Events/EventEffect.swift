/// What an event did here.
package enum EventEffect: String, Encodable, Sendable {
    /// Nothing here depends on it.
    case none
    /// It was handled before.
    case duplicate
    /// Newer news of the customer had come already.
    case stale
    /// It tells of a write of ours.
    case echo
    /// What Stripe has is noted, so that a sync does not write over it; the user stays as it is.
    case recorded
    /// The edit went into the user's row (`--stripe-wins`).
    case userUpdated = "user_updated"
    /// The user whom the customer names has it now.
    case linked
    /// The user has no customer any more; the next `ensureCustomerExists` or sync makes a new one.
    case unlinked
}

/// An event that was taken in before.
package struct SeenEvent: Sendable {
    /// What it did then; `nil` when an older version took it in.
    package var effect: EventEffect?
    /// The user who had the customer, or got it.
    package var userId: String?

    package init(effect: EventEffect?, userId: String?) {
        self.effect = effect
        self.userId = userId
    }
}
