internal import CSQLite
internal import Synchronization

/// Stops what a connection is doing, from any thread; the statement fails with an error whose `isInterrupted` is true.
///
/// "It is safe to call this routine from a thread different from the thread that is currently running the database
/// operation. But it is not safe to call this routine with a database connection that is closed or might close before
/// sqlite3_interrupt() returns" (https://sqlite.org/c3ref/interrupt.html): hence the lock, which `disconnect` takes
/// before the connection closes.
package final class InterruptHandle: @unchecked Sendable {
    // Unchecked because of the pointer; it is only read and cleared under the lock, and sqlite3_interrupt is
    // thread-safe.
    private let lock = Mutex(())
    private var database: OpaquePointer?

    init(_ database: OpaquePointer) { self.database = database }

    /// Has no effect when no statement is running or the connection is closed.
    package func interrupt() {
        lock.withLock { _ in
            if let database { sqlite3_interrupt(database) }
        }
    }

    func disconnect() {
        lock.withLock { _ in database = nil }
    }
}
