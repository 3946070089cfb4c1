package import Environment

/// The host's table.
package protocol UserRows {
    /// The id is compared to the letter: a column of integers would find 7 for 007 too.
    func user(_ id: String) throws(StoreError) -> User?
    func user(customerId: String) throws(StoreError) -> User?
    /// Those whose address may be this one, whatever its case: the exact spelling goes first, then the smallest id.
    /// `sameAddress` decides, since NOCASE compares no further than a U+0000, which rows of other programs may hold.
    func users(email: String) throws(StoreError) -> [User]
    /// In the order of their ids.
    /// - Parameter linked: Only those with (or without) a customer.
    func users(after id: String?, limit: Int, linked: Bool?) throws(StoreError) -> [User]
    func userCount() throws(StoreError) -> Int
    /// The id of the user who has the customer.
    func holder(of customerId: String) throws(StoreError) -> String?
    /// Who has the id, as the table compares ids, or may have the address.
    func rivals(id: String?, email: String?) throws(StoreError) -> [UserRival]

    /// - Parameter choosingID: The table chooses the id.
    /// - Returns: The row as the table has it; `nil` when a trigger of the host's kept it out.
    /// - Throws: Here and below `.usersTableRefuses` when a rule of the host's own is in the way.
    func insertUser(_ user: User, choosingID: Bool) throws(StoreError) -> User?
    /// Writes these columns and no other: what stands there need not be what was read.
    func updateUser(_ id: String, _ columns: [(UserColumn, String?)]) throws(StoreError)
    func deleteUser(_ id: String) throws(StoreError)
    /// Gives the user the customer, unless it has one.
    func link(_ customerId: String, to userId: String) throws(StoreError)
    /// Takes the customer from whoever has it.
    func unlink(_ customerId: String) throws(StoreError)

    /// Whether the table has all triggers and indexes, as far as that was looked at before.
    func isUsersTableWhole() throws(StoreError) -> Bool
    /// Makes again what the table lacks of them, and queues the users that changed meanwhile: no change is acknowledged that
    /// nothing has queued.
    func restoreUsersTable(at now: Milliseconds) throws(StoreError)
}

/// The columns of a user's profile.
package enum UserColumn: String, Sendable {
    case email, name, phone
    case metadata = "stripe_metadata"
}

/// Who is in the way of a new id or address.
package struct UserRival: Sendable {
    package var id: String
    package var hasID: Bool
    package var email: String?

    package init(id: String, hasID: Bool, email: String?) {
        self.id = id
        self.hasID = hasID
        self.email = email
    }
}
