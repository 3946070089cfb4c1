package import Environment
package import JSON

/// What is held about a user, and how it goes.
package protocol PrivacyRows {
    /// Every row about the user in the tables of this process, by table.
    func rows(about userId: String) throws(StoreError) -> JSONObject
    /// Whether any table but those of calls and events names the user.
    func isKnown(_ userId: String) throws(StoreError) -> Bool
    /// Those that go with a user; what was taken from it or is another's is not among them.
    func customersToErase(
        with userId: String, and others: [String], but excepted: [String]
    ) throws(StoreError) -> [String]
    /// Those that were made for a user earlier and that nobody has now.
    func formerCustomers(of userId: String) throws(StoreError) -> [String]
    /// Those that were made for a user and taken away from it since.
    func customersTakenAway(from userId: String) throws(StoreError) -> [String]

    func putErasure(of userId: String, customers: [String], at now: Milliseconds) throws(StoreError)
    func hasErasure(of userId: String) throws(StoreError) -> Bool
    /// Its customers, until it is scrubbed.
    func customers(ofErasureOf userId: String) throws(StoreError) -> [String]?
    func rest(ofErasureOf userId: String) throws(StoreError) -> ErasureRest
    func dueErasures() throws(StoreError) -> [String]
    func scrubbedUsers() throws(StoreError) -> [String]
    func markScrubbed(_ userId: String) throws(StoreError)
    func endErasures(of userIds: [String]) throws(StoreError)
    /// Removes what the tables hold of the user and the customers.
    /// - Parameter hasNewLife: The id was registered again meanwhile; those rows stay.
    /// - Returns: How many rows went from which table.
    func removeTraces(
        of userId: String, _ customers: [String], hasNewLife: Bool
    ) throws(StoreError) -> [(table: String, count: Int)]
}
