package import CustomerStore
import Dispatch
import SQLite
import Synchronization

/// The one place where the database is touched: a serial queue, off the cooperative pool, since SQLite blocks.
///
/// What is waiting when a transaction begins shares it and its one commit, so that concurrent writes cost one `fsync`
/// together. Each piece of work runs inside a savepoint of its own and fails alone; it is told of its success only
/// after the commit.
///
/// Write-ahead log and `synchronous=FULL`: an acknowledged write survives a power cut ("FULL … ensures that an operating
/// system crash or power failure will not corrupt the database" and, in WAL mode, syncs the log at every commit:
/// https://www.sqlite.org/pragma.html#pragma_synchronous).
package final class SQLiteEngine: StoreEngine {
    private struct Work: Sendable {
        let writes: Bool
        /// Runs inside the transaction. Work that is alone in it needs no savepoint: the whole is undone when it fails.
        let run: @Sendable (SQLiteTransaction, _ isAlone: Bool) -> Outcome
        let fail: @Sendable (StoreError) -> Void
    }

    private struct Outcome: Sendable {
        let hasFailed: Bool
        /// Told `nil` when the transaction's fate is known, else why it did not commit.
        let tell: @Sendable (StoreError?) -> Void
    }

    package let place: String
    package let ids: IDTraits

    private let queue = DispatchQueue(label: "database", qos: .userInitiated)
    /// `nil` once it is closed.
    private let transaction: Mutex<SQLiteTransaction?>
    private let restoredParts: RestoredParts
    private let waiting = Mutex<[Work]>([])
    private let effort = Mutex(Effort())

    /// More would hold the write lock for too long against other processes.
    private static let sharedMax = 128
    /// Milliseconds for which a write waits for the lock of another connection.
    static let patience: Int32 = 20_000
    /// After so many what only reads has its turn.
    private static let lockStep: Int32 = 100

    init(_ transaction: SQLiteTransaction, place: String, ids: IDTraits) {
        self.transaction = Mutex(transaction)
        self.place = place
        self.ids = ids
        restoredParts = transaction.restoredParts
    }

    package func transaction<T: Sendable>(
        _ access: Access, _ body: @escaping @Sendable (any StoreTransaction) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            submit(
                Work(writes: access == .write) { transaction, isAlone in
                    let result = Result { () throws(StoreError) in
                        if isAlone { return try body(transaction) }
                        return try transaction.attempt { () throws(StoreError) in try body(transaction) }
                    }
                    return Outcome(hasFailed: result.hasFailed) { failure in
                        continuation.resume(returning: failure.map { .failure($0) } ?? result)
                    }
                } fail: { error in
                    continuation.resume(returning: .failure(error))
                })
        }
        return try result.get()
    }

    /// Waits for what was submitted, then closes the database; later work fails with `.closed`.
    package func close() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.drain()
                self.transaction.withLock { $0 = nil }
                continuation.resume()
            }
        }
    }

    /// What was run in transactions so far: tests bound what a call costs.
    package struct Effort: Sendable {
        package var statementsOfWrites = 0
        package var statementsOfReads = 0
        package var commitsOfWrites = 0
    }

    package func takeEffort() -> Effort {
        effort.withLock { effort in
            defer { effort = Effort() }
            return effort
        }
    }

    package func takeRestoredParts() -> Int { restoredParts.take() }

    package func emptyLog() async throws(StoreError) -> Bool {
        try await outsideTransactions { connection throws(SQLiteError) in try connection.emptyWriteAheadLog() }
    }

    package func removeRemnants() async throws(StoreError) -> Bool {
        try await outsideTransactions { connection throws(SQLiteError) in
            // First of all, since it would be in vain otherwise.
            guard try connection.emptyWriteAheadLog() else { return false }
            try connection.writeAnew()
            return try connection.emptyWriteAheadLog()
        }
    }

    private func outsideTransactions<T: Sendable>(
        _ body: @escaping @Sendable (inout Connection) throws(SQLiteError) -> T
    ) async throws(StoreError) -> T {
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            queue.async {
                let result: Result<T, StoreError> = self.transaction.withLock { slot in
                    guard let transaction = slot else { return .failure(.closed) }
                    return Result { () throws(SQLiteError) in try body(&transaction.connection) }
                        .mapError { StoreError($0) }
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
            guard writes, case .engine(let failure) = refusal, failure.kind == .busy,
                .now - began < .milliseconds(Self.patience)
            else {
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

    /// One transaction. Outcomes are told outside the lock, so that what they wake may come back at once.
    /// - Returns: Why it could not begin: then nothing of the batch has been called.
    private func carryOut(_ batch: [Work], _ kind: TransactionKind) -> StoreError? {
        var outcomes: [Outcome] = []
        let failure: StoreError? = transaction.withLock { slot in
            guard let transaction = slot else { return .closed }
            let before = transaction.connection.statementsRun
            let failure = Self.transact(batch, kind, transaction, &outcomes)
            note(transaction.connection.statementsRun - before, kind)
            return failure
        }
        if outcomes.isEmpty { return failure }
        for outcome in outcomes { outcome.tell(failure) }
        return nil
    }

    private func note(_ statements: Int, _ kind: TransactionKind) {
        effort.withLock { effort in
            switch kind {
            case .immediate:
                effort.statementsOfWrites += statements
                effort.commitsOfWrites += 1
            case .deferred: effort.statementsOfReads += statements
            }
        }
    }

    private static func requireInPlace(_ connection: inout Connection) throws(SQLiteError) {
        // 1032 is SQLITE_READONLY_DBMOVED, which SQLite itself reports without a write-ahead log only.
        guard connection.hasMoved else { return }
        throw SQLiteError(
            code: 1032, message: "its file was deleted, moved or replaced; put it back, or start the process anew")
    }

    private static func transact(
        _ batch: [Work], _ kind: TransactionKind, _ transaction: SQLiteTransaction, _ outcomes: inout [Outcome]
    ) -> StoreError? {
        do throws(SQLiteError) {
            try transaction.connection.waiting(atMost: lockStep) { connection throws(SQLiteError) in
                try connection.execute(kind.rawValue)
            }
            // Found before anything is done, and for what only reads too: nobody is told of a database that is gone.
            try requireInPlace(&transaction.connection)
            for work in batch { outcomes.append(work.run(transaction, batch.count == 1)) }
            if batch.count == 1, outcomes[0].hasFailed {
                rollBack(&transaction.connection)
                return nil
            }
            // A full disk may have rolled everything back by itself: then COMMIT says that no transaction is active.
            try transaction.connection.execute("COMMIT")
            // Nothing is acknowledged that went into a file that nobody will find.
            if kind == .immediate { try requireInPlace(&transaction.connection) }
            return nil
        } catch {
            rollBack(&transaction.connection)
            return StoreError(error)
        }
    }

    private static func rollBack(_ connection: inout Connection) {
        if connection.isInTransaction { try? connection.execute("ROLLBACK") }
    }
}

/// How many triggers and indexes the users table was found to lack, until they are told.
final class RestoredParts: Sendable {
    private let count = Atomic(0)

    func add(_ parts: Int) { count.add(parts, ordering: .relaxed) }
    func take() -> Int { count.exchange(0, ordering: .relaxed) }
}

extension Result {
    fileprivate var hasFailed: Bool { if case .failure = self { true } else { false } }
}
