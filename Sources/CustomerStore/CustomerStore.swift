package import Environment
import Synchronization

/// What is stored about users and their customers, in the words of the domain: the one interface to the database.
///
/// Each method is one transaction and one decision; what rows there are is known to `StoreTransaction`, and in which
/// database they stand to a `StoreEngine`. A decision takes its locks first, and may run twice: it gets the time from
/// outside, and has no effect but through its transaction.
package final class CustomerStore: Sendable {
    /// Which processes live, and under which name this one holds leases.
    let watch: ProcessWatch
    package var owner: String { watch.owner }

    /// After so long without a beat a process is dead. With the time between two looks, its leases outlive it by less than
    /// ten seconds; a living one on a busy machine may miss three beats.
    package static let leaseDuration: Milliseconds = 7_500
    /// How often a living one renews them.
    package static let leaseRenewal: Milliseconds = 2_000
    /// How often it looks for the beats of the others.
    package static let watchInterval: Milliseconds = 500

    package let engine: any StoreEngine
    let audit: AuditLog

    /// The application that the database belongs to (`settings`), as far as this process knows.
    let application = Mutex<String?>(nil)

    /// Leases are about living processes, whatever time `--deterministic` pretends.
    let leaseClock = SystemClock()

    package init(engine: any StoreEngine, audit: AuditLog, watch: ProcessWatch = ProcessWatch()) {
        self.engine = engine
        self.audit = audit
        self.watch = watch
    }

    package func close() async {
        // What can't be written now is written by the next process.
        try? await moveAnchor()
        await engine.close()
    }

    /// For `health`.
    package var place: String { engine.place }
    /// What the ids of the users table are.
    package var ids: IDTraits { engine.ids }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any StoreTransaction) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        try await engine.transaction(.read, body)
    }

    /// - Parameters:
    ///   - names: What the write is about. None for one that is a single statement.
    ///   - body: May run again after a conflict: it changes nothing but rows.
    func write<T: Sendable>(
        locking names: [LockName] = [], _ body: @escaping @Sendable (any StoreTransaction) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        try await engine.transaction(.write) { rows throws(StoreError) in
            try rows.lock(names)
            return try body(rows)
        }
    }

    /// For what is nobody's but this database's: changes in the queue, and keys of disposals.
    static func freshID() -> String { RandomIdentifiers().next() }
}
