/// A rule that a host has put on its users table, as far as the engine names it: `NOT NULL users.password`.
package struct UsersTableRule: Sendable, CustomStringConvertible {
    package let description: String

    /// - Parameter description: Names tables, columns and rules as the schema has them, never values.
    package init(_ description: String) { self.description = description }
}

/// What was to be written to the users table.
package enum UsersTableWrite: Sendable {
    case insert, profile, delete
    /// `stripe_customer_id`.
    case link
}
