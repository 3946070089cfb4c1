/// Where the store's rows are kept: a database that carries out transactions.
package protocol StoreEngine: Sendable {
    /// For `health`: a path, or a URL without its password.
    var place: String { get }
    var ids: IDTraits { get }

    /// Runs `body` as one transaction. A body may run again after a conflict: it has no effect but through its transaction.
    /// - Throws: What `body` throws, or why the transaction did not commit: then nothing of it has happened.
    func transaction<T: Sendable>(
        _ access: Access, _ body: @escaping @Sendable (any StoreTransaction) throws(StoreError) -> T
    ) async throws(StoreError) -> T

    /// How many parts of the users table were found missing and made again since the last call.
    func takeRestoredParts() -> Int
    /// Empties what the files besides the database itself hold of rows that are gone.
    /// - Returns: Whether it could: another process that is reading holds it up.
    func emptyLog() async throws(StoreError) -> Bool
    /// Writes the whole database anew, so that no trace of what has been deleted is left in it.
    /// - Returns: Whether it could; as for `emptyLog`.
    func removeRemnants() async throws(StoreError) -> Bool
    /// Waits for what was begun; later work fails with `.closed`.
    func close() async
}

/// What a transaction is for.
package enum Access: Sendable {
    case read, write
}

/// What the ids of the users table are.
package struct IDTraits: Sendable {
    /// A host's users table may have integer ids.
    package let areIntegers: Bool
    /// The table chooses the id of a user who comes without one.
    package let areChosen: Bool

    package init(areIntegers: Bool, areChosen: Bool) {
        self.areIntegers = areIntegers
        self.areChosen = areChosen
    }
}
