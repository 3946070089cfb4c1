/// A field of a user that Stripe names when it refuses it.
package enum ProfileField: Hashable, Sendable {
    case email, name, phone
    /// One name of the metadata, or all of it where Stripe doesn't say which.
    case metadata(String?)
}

/// What a failure of Stripe's waits for.
package enum Awaited: Hashable, Sendable {
    /// For a change of this field of the user: nothing else can help.
    case user(ProfileField)
    /// For another link: Stripe has no such customer, or in its other mode only.
    case link
    /// For the operator, who replaces a key, sets up the account, mends the way to Stripe, or updates this program. Nobody's
    /// change is to blame: everything stays queued, and goes on by itself once the cause is gone.
    case `operator`
    /// For time.
    case time
}
