import Dispatch
internal import SQLite
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
    private let purges = Mutex<[CheckedContinuation<Result<Bool, StoreError>, Never>]>([])

    /// More would hold the write lock for too long against other processes.
    private static let sharedMax = 128

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

    /// Moves the whole write-ahead log into the database and empties its file, so that no page stays in it as it was.
    /// - Returns: Whether it could: a reader in another process holds it up.
    func truncateLog() async throws(StoreError) -> Bool {
        let result = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.withConnection(Self.truncateLog)) }
        }
        return try result.get()
    }

    /// Removes every trace of what has been deleted: writes the whole database anew and empties the write-ahead log.
    ///
    /// `secure_delete` is not enough: when SQLite moves rows between pages, copies stay in parts of pages that are not in
    /// use, and nobody overwrites them when the row is deleted (3.40: one erasure in twenty left something). "Running
    /// VACUUM will clean all traces of deleted content" (https://sqlite.org/lang_vacuum.html). It takes about a second
    /// for 60 MB, during which nobody else can write, so those who ask for it while one runs share the next.
    /// - Returns: Whether it could: a reader in another process holds it up.
    func purge() async throws(StoreError) -> Bool {
        let result = await withCheckedContinuation { continuation in
            purges.withLock { $0.append(continuation) }
            queue.async {
                let served = self.purges.withLock { purges in
                    defer { purges = [] }
                    return purges
                }
                guard !served.isEmpty else { return }
                let result = self.withConnection { connection throws(StoreError) in
                    try connection.change("VACUUM")
                    return try Self.truncateLog(&connection)
                }
                for continuation in served { continuation.resume(returning: result) }
            }
        }
        return try result.get()
    }

    private static func truncateLog(_ connection: inout Connection) throws(StoreError) -> Bool {
        // One row: whether it was blocked, and two counts.
        try connection.row("PRAGMA wal_checkpoint(TRUNCATE)")?.integer(0) == 0
    }

    /// On the queue, outside any transaction.
    private func withConnection(
        _ body: (inout Connection) throws(StoreError) -> Bool
    ) -> Result<Bool, StoreError> {
        connection.withLock { slot in
            guard var connection = slot.take() else { return .failure(.closed) }
            let result = Result { () throws(StoreError) in try body(&connection) }
            slot = consume connection
            return result
        }
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

    /// Endings are called outside the lock, so that what they wake may come back at once.
    private func transact(_ batch: [Work]) {
        var endings: [Ending] = []
        let failure: StoreError? = connection.withLock { slot in
            guard var connection = slot.take() else { return .closed }
            let failure = Self.transact(batch, &connection, &endings)
            slot = consume connection
            return failure
        }
        if endings.isEmpty {
            for work in batch { work.fail(failure ?? .closed) }
        } else {
            for ending in endings { ending(failure) }
        }
    }

    private static func transact(
        _ batch: [Work], _ connection: inout Connection, _ endings: inout [Ending]
    ) -> StoreError? {
        do throws(SQLiteError) {
            let kind: TransactionKind = batch.contains(where: \.writes) ? .immediate : .deferred
            try connection.execute(kind.rawValue)
            for work in batch { endings.append(work.run(&connection)) }
            // A full disk may have rolled everything back by itself: then COMMIT says that no transaction is active.
            try connection.execute("COMMIT")
            return nil
        } catch {
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            return .database(error)
        }
    }
}
