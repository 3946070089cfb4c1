import Dispatch
import SQLite
import Synchronization

/// The one place where the database is touched: a serial queue, off the cooperative pool, since SQLite blocks.
///
/// What is waiting when a transaction begins shares it and its one commit, so that concurrent writes cost one `fsync`
/// together. Each piece of work runs inside a savepoint of its own and fails alone; it is told of its success only
/// after the commit.
final class TransactionQueue: Sendable {
    private struct Work: Sendable {
        let writes: Bool
        /// Runs inside the transaction; what it returns is called when the transaction's fate is known.
        let run: @Sendable (inout Connection) -> Ending
        let fail: @Sendable (StoreError) -> Void
    }

    /// Told `nil` after the commit, else why there was none.
    private typealias Ending = @Sendable (StoreError?) -> Void

    private let queue = DispatchQueue(label: "database", qos: .userInitiated)
    private let connection: Mutex<Connection?>
    private let waiting = Mutex<[Work]>([])

    /// More would hold the write lock for too long against other processes.
    private static let sharedMax = 128
    /// Milliseconds for which a write waits for the lock of another connection.
    static let patience: Int32 = 20_000
    /// After so many what only reads has its turn.
    private static let lockStep: Int32 = 100

    init(_ connection: consuming sending Connection) {
        self.connection = Mutex(connection)
    }

    /// - Throws: What `body` throws, or why the transaction did not commit: then nothing of it has happened.
    func run<T: Sendable>(
        writes: Bool, _ body: @escaping @Sendable (inout Connection) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            submit(
                Work(writes: writes) { connection in
                    let result: Result<T, StoreError>
                    do throws(StoreError) {
                        result = .success(
                            try connection.savepoint { connection throws(StoreError) in try body(&connection) })
                    } catch {
                        result = .failure(error)
                    }
                    return { failure in continuation.resume(returning: failure.map { .failure($0) } ?? result) }
                } fail: { error in
                    continuation.resume(returning: .failure(error))
                })
        }
        return try result.get()
    }

    /// Waits for what was submitted, then closes the database; later work fails with `.closed`.
    func close() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.drain()
                self.connection.withLock { $0 = nil }
                continuation.resume()
            }
        }
    }

    /// Empties the write-ahead log.
    /// - Returns: Whether it could: a reader in another process holds it up.
    func truncateLog() async throws(StoreError) -> Bool {
        try await outsideTransactions { connection throws(SQLiteError) in try connection.emptyWriteAheadLog() }
    }

    /// Writes the whole database anew, so that no trace of what has been deleted is left in it.
    func writeAnew() async throws(StoreError) {
        try await outsideTransactions { connection throws(SQLiteError) in try connection.writeAnew() }
    }

    private func outsideTransactions<T: Sendable>(
        _ body: @escaping @Sendable (inout Connection) throws(SQLiteError) -> T
    ) async throws(StoreError) -> T {
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            queue.async {
                let result: Result<T, StoreError> = self.connection.withLock { slot in
                    guard var connection = slot.take() else { return .failure(.closed) }
                    let result = Result { () throws(SQLiteError) in try body(&connection) }
                    slot = consume connection
                    return result.mapError { .database($0) }
                }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    private func submit(_ work: Work) {
        let isFirst = waiting.withLock { waiting in
            waiting.append(work)
            return waiting.count == 1
        }
        if isFirst { queue.async { self.drain() } }
    }

    private func drain() {
        while true {
            let batch = waiting.withLock { waiting in
                let batch = Array(waiting.prefix(Self.sharedMax))
                waiting.removeFirst(batch.count)
                return batch
            }
            if batch.isEmpty { return }
            transact(batch)
        }
    }

    /// While another connection has the lock that a write needs, what only reads goes first: "readers do not block
    /// writers and a writer does not block readers" (https://sqlite.org/wal.html), but here they share a connection.
    private func transact(_ batch: [Work]) {
        var batch = batch
        let began = ContinuousClock.now
        while true {
            let writes = batch.contains(where: \.writes)
            guard let refusal = carryOut(batch, writes ? .immediate : .deferred) else { return }
            guard writes, refusal.isBusy, .now - began < .milliseconds(Self.patience) else {
                for work in batch { work.fail(refusal) }
                return
            }
            let reads = batch.filter { !$0.writes } + takeReads()
            batch.removeAll { !$0.writes }
            if !reads.isEmpty, let refusal = carryOut(reads, .deferred) {
                for work in reads { work.fail(refusal) }
            }
        }
    }

    private func takeReads() -> [Work] {
        waiting.withLock { waiting in
            let reads = waiting.filter { !$0.writes }
            waiting.removeAll { !$0.writes }
            return reads
        }
    }

    /// One transaction. Endings are called outside the lock, so that what they wake may come back at once.
    /// - Returns: Why it could not begin: then nothing of the batch has been called.
    private func carryOut(_ batch: [Work], _ kind: TransactionKind) -> StoreError? {
        var endings: [Ending] = []
        let failure: StoreError? = connection.withLock { slot in
            guard var connection = slot.take() else { return .closed }
            let failure = Self.transact(batch, kind, &connection, &endings)
            slot = consume connection
            return failure
        }
        if endings.isEmpty { return failure }
        for ending in endings { ending(failure) }
        return nil
    }

    private static func requireInPlace(_ connection: inout Connection) throws(SQLiteError) {
        // 1032 is SQLITE_READONLY_DBMOVED, which SQLite itself reports without a write-ahead log only.
        guard connection.hasMoved else { return }
        throw SQLiteError(
            code: 1032, message: "its file was deleted, moved or replaced; put it back, or start the process anew")
    }

    private static func transact(
        _ batch: [Work], _ kind: TransactionKind, _ connection: inout Connection, _ endings: inout [Ending]
    ) -> StoreError? {
        do throws(SQLiteError) {
            try connection.waiting(atMost: lockStep) { connection throws(SQLiteError) in
                try connection.execute(kind.rawValue)
            }
            // Found before anything is done, and for what only reads too: nobody is told of a database that is gone.
            try requireInPlace(&connection)
            for work in batch { endings.append(work.run(&connection)) }
            // A full disk may have rolled everything back by itself: then COMMIT says that no transaction is active.
            try connection.execute("COMMIT")
            // Nothing is acknowledged that went into a file that nobody will find.
            if kind == .immediate { try requireInPlace(&connection) }
            return nil
        } catch {
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            return .database(error)
        }
    }
}
