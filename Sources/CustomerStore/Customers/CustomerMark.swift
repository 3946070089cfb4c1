import JSON

/// What the service writes into a customer's metadata for itself. No host may: the schemas refuse these names, and in the
/// row of a user they are left out.
package enum CustomerMark {
    /// The user who has the customer.
    package static let user = "userId"
    /// The application (`--app`) whose customer it is.
    package static let app = "stripe_customers_app"
    /// When it was archived.
    package static let archivedAt = "stripe_customers_archived_at"

    package static let all = [user, app, archivedAt]

    package static func isReserved(_ name: String) -> Bool {
        sameCodePoints(name, user) || name.hasPrefix("stripe_customers_")
    }

    /// "You can specify up to 50 keys" (https://docs.stripe.com/metadata).
    package static let keysMax = 50
    /// What is left of them for a user: two are `user` and `app`. `archivedAt` finds its place all the same.
    package static let usersKeysMax = keysMax - 2
}
