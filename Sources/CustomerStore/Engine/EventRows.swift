package import Environment

/// What Stripe's events told.
package protocol EventRows {
    /// - Returns: `nil` when it is new.
    func seenEvent(_ id: String) throws(StoreError) -> SeenEvent?
    /// What is known of a customer, in one statement.
    func knowledge(of customerId: String) throws(StoreError) -> CustomerKnowledge
    /// Forgets events and news that were received before.
    func dropEvents(before time: Milliseconds) throws(StoreError)
    /// - Returns: Whether it is new.
    func insertEvent(_ id: String, at now: Milliseconds) throws(StoreError) -> Bool
    func setEffect(_ effect: EventEffect, userId: String?, of eventId: String) throws(StoreError)
    /// - Parameter latest: A time after this, in seconds, is not believed and gives way.
    func putNews(
        _ mark: EventMark, deleted: Bool, latest: Int64, at now: Milliseconds
    ) throws(StoreError)
}
