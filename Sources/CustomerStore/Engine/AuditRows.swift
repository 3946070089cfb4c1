/// The audit log, which only grows, and the notes of changes that have no event yet.
package protocol AuditRows {
    func auditTail() throws(StoreError) -> AuditAnchor?
    func auditHash(at sequence: Int64) throws(StoreError) -> String?
    func append(_ event: AuditEvent) throws(StoreError)
    /// In their order.
    func auditEvents(_ filter: AuditFilter, after sequence: Int64, limit: Int) throws(StoreError) -> [AuditEvent]
    /// The first and the last.
    func auditEnds() throws(StoreError) -> [AuditEvent]
    func hasAuditEvents(before sequence: Int64) throws(StoreError) -> Bool
    /// Whether no process has worked on the database yet.
    func isUnused() throws(StoreError) -> Bool
    /// Whether an event says of the user that it had the address of this hash.
    /// - Parameter inThisLife: Only since the id was last given up.
    func hasAuditedAddress(hash: String, of userId: String, inThisLife: Bool) throws(StoreError) -> Bool
    /// The names of triggers and indexes of the log's table that are not ours, or not as ours.
    func foreignAuditParts() throws(StoreError) -> [String]
    /// The first of these events that one of our indexes leaves out.
    func auditEventMissingInIndex(after sequence: Int64, through last: Int64) throws(StoreError) -> Int64?

    /// - Returns: Its id.
    func insertNote(_ note: ChangeNote, seal: String) throws(StoreError) -> Int64?
    func removeNote(_ id: Int64) throws(StoreError)
    /// Removes those of processes that are gone.
    func takeAbandonedNotes() throws(StoreError) -> [(note: ChangeNote, seal: String)]
}
