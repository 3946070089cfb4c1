package import Environment

/// The processes on the database and their leases, and what a start looks at.
package protocol ProcessRows {
    /// - Returns: Whether the owner has the lease now: it was free, or its own.
    func take(_ lease: LeaseName, owner: String) throws(StoreError) -> Bool
    func release(_ lease: LeaseName, owner: String) throws(StoreError)
    /// Until the transaction ends nobody else takes it.
    func holds(_ lease: LeaseName, owner: String) throws(StoreError) -> Bool

    /// - Parameter expiresAt: For a process of an older version beside this one.
    func putProcess(_ owner: String, beat: Int64, expiresAt: Milliseconds, place: String?) throws(StoreError)
    /// - Returns: Whether it was there.
    func renewProcess(_ owner: String, beat: Int64, expiresAt: Milliseconds) throws(StoreError) -> Bool
    func processes(but owner: String) throws(StoreError) -> [ProcessWatch.Sighting]
    func removeProcess(_ owner: String) throws(StoreError)
    func releaseAll(of owner: String) throws(StoreError)
    func releaseAbandoned() throws(StoreError)

    /// Whether one of the first rows has a time before 1970 or after `latest` there.
    func hasDoubtfulTime(_ column: TimeColumn, after latest: Milliseconds, among rows: Int) throws(StoreError) -> Bool
    func schemaVersion() throws(StoreError) -> Int
}

/// A column of times that are acted upon or told.
package struct TimeColumn: Sendable {
    package var table: String
    package var column: String

    package init(_ table: String, _ column: String) {
        self.table = table
        self.column = column
    }
}
