/// The rows as one transaction sees and changes them: a verb is one statement, seldom two. What they come to is decided
/// above, in the methods of `CustomerStore`.
package protocol StoreTransaction: AnyObject, UserRows, SyncRows, CustomerRows, EventRows, ReconciliationRows,
    PrivacyRows, AuditRows, CallRows, SettingRows, ProcessRows
{
    /// Waits until no other write is about one of these, and keeps others out until the transaction ends.
    func lock(_ names: [LockName]) throws(StoreError)
    /// Runs `body` so that what it did is undone when it throws, and the transaction goes on.
    func attempt<T>(_ body: () throws(StoreError) -> T) throws(StoreError) -> T
}

/// What a write is about. A write takes its locks before it reads: what was read before may not be true any more.
package enum LockName: Sendable, Hashable {
    case user(String)
    /// An address, whatever its case.
    case address(String)
    case customer(String)
    /// A call under a host's key, as the host gave it.
    case call(String)
}
