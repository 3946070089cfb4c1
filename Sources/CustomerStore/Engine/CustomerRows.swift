package import Environment

/// Customers by themselves: those that are to go, and those that no look-up may adopt.
package protocol CustomerRows {
    /// All that forbids to give the customer to the user, in one statement.
    func standing(of customerId: String, for userId: String) throws(StoreError) -> CustomerStanding

    // MARK: Disposals
    func disposal(of customerId: String) throws(StoreError) -> Disposal?
    /// What is to be deleted is not kept by an archiving that comes later. An entry that is there is due again.
    func putDisposal(
        of customerId: String, _ action: Disposal.Action, userId: String?, key: String, at now: Milliseconds
    ) throws(StoreError)
    /// Of one that is there.
    func setDisposal(of customerId: String, to action: Disposal.Action, at now: Milliseconds) throws(StoreError)
    /// - Parameter action: Only this one; `nil` for whichever it is.
    /// - Returns: What was removed.
    @discardableResult
    func removeDisposal(of customerId: String, _ action: Disposal.Action?) throws(StoreError) -> NotedDisposal?
    /// - Parameter key: Stripe saves a failure under its key too; an archive may be repeated under a new one.
    func postponeDisposal(of customerId: String, key: String, _ postponement: Postponement) throws(StoreError)
    func dueDisposals(at now: Milliseconds, latest: Milliseconds, limit: Int) throws(StoreError) -> [Disposal]

    // MARK: Marks
    /// It is not synced from here on if it has a user, and not adopted by a look-up if it has none.
    func mark(_ customerId: String, as mark: CustomerState, at now: Milliseconds) throws(StoreError)
    func unmark(_ customerId: String, _ mark: CustomerState) throws(StoreError)
}

/// Why a customer is not to be adopted, for as long as it is noted.
package enum CustomerState: Sendable {
    /// The host took it away from its user.
    case unlinked
    case archived
    /// Its user is deleted and it stays as it is: nobody who has the id later gets it by a look-up.
    case kept
}

/// What is known of a customer that somebody wants to give to a user.
package struct CustomerStanding: Sendable {
    /// The id of the user who has it.
    package var holder: String?
    package var isUnlinked: Bool
    package var isArchived: Bool
    package var isKept: Bool
    package var disposal: Disposal.Action?
    /// Also one whose action nobody here has written.
    package var hasDisposal: Bool
    /// An event has told that it was deleted.
    package var isDeleted: Bool
    /// It came of a create for somebody else.
    package var wasMadeForAnother: Bool

    package init(
        holder: String?, isUnlinked: Bool, isArchived: Bool, isKept: Bool, disposal: Disposal.Action?,
        hasDisposal: Bool, isDeleted: Bool, wasMadeForAnother: Bool
    ) {
        self.holder = holder
        self.isUnlinked = isUnlinked
        self.isArchived = isArchived
        self.isKept = isKept
        self.disposal = disposal
        self.hasDisposal = hasDisposal
        self.isDeleted = isDeleted
        self.wasMadeForAnother = wasMadeForAnother
    }
}

/// A disposal that was removed.
package struct NotedDisposal: Sendable {
    package var userId: String?

    package init(userId: String?) { self.userId = userId }
}
