package import Environment
import SQLite
import Synchronization

/// What is stored about users and their customers, in the words of the domain: the one interface to the database.
///
/// Each method is one transaction. Nothing above knows SQL, so a server database can come behind the same methods.
/// Write-ahead log and `synchronous=FULL`: an acknowledged write survives a power cut ("FULL … ensures that an operating
/// system crash or power failure will not corrupt the database" and, in WAL mode, syncs the log at every commit:
/// https://www.sqlite.org/pragma.html#pragma_synchronous).
package final class CustomerStore: Sendable {
    /// Which processes live, and under which name this one holds leases.
    let watch: ProcessWatch
    package var owner: String { watch.owner }
    package let path: String

    /// After so long without a beat a process is dead. With the time between two looks, its leases outlive it by less than
    /// ten seconds; a living one on a busy machine may miss three beats.
    package static let leaseDuration: Milliseconds = 7_500
    /// How often a living one renews them.
    package static let leaseRenewal: Milliseconds = 2_000
    /// How often it looks for the beats of the others.
    package static let watchInterval: Milliseconds = 500

    /// How many triggers and indexes the users table was found to lack, until they are told.
    let restoredParts = Atomic(0)
    /// SQLite's number of the schema in which it lacked none.
    let wholeAt = Atomic(-1)

    let transactions: TransactionQueue
    let audit: AuditLog
    /// A host's users table may have integer ids.
    package let hasIntegerIDs: Bool
    /// SQLite chooses the id of a user who comes without one.
    package let choosesIDs: Bool

    /// The application that the database belongs to (`settings`), as far as this process knows.
    let application = Mutex<String?>(nil)

    /// Leases are about living processes, whatever time `--deterministic` pretends.
    let leaseClock = SystemClock()

    /// Opens the database, creates it when missing, and applies pending migrations.
    /// - Parameters:
    ///   - clock: Dates the events of the audit log.
    ///   - watch: How the other processes on the database are watched.
    ///   - auditKey: `nil` for the one in the file beside the database.
    /// - Throws: `StoreError` when it can't be opened, is newer than this version, or has an unfit users table.
    package init(
        path: String, clock: any WallClock = SystemClock(), auditKey: AuditKey? = nil,
        watch: ProcessWatch = ProcessWatch()
    ) throws(StoreError) {
        self.path = path
        self.watch = watch
        var connection = try Self.open(path)
        _ = try MigrationRunner.migrate(&connection)
        let restored = try UsersTable.restoreIfNeeded(at: leaseClock.now(), &connection)
        restoredParts.store(restored, ordering: .relaxed)
        (hasIntegerIDs, choosesIDs) = try Self.ids(&connection)
        audit = try connection.transaction { connection throws(StoreError) in
            try AuditLog.open(database: path, key: auditKey, clock: clock, &connection)
        }
        // A process that was killed may have left it behind. Where it can't be written, that is tried with each event.
        try? audit.moveAnchor(&connection)
        transactions = TransactionQueue(connection)
    }

    package func close() async {
        // What can't be written now is written by the next process.
        try? await moveAnchor()
        await transactions.close()
    }

    /// A connection set up as all of them are.
    static func open(_ path: String) throws(StoreError) -> Connection {
        do throws(SQLiteError) {
            var connection = try Connection(path: path, busyTimeout: TransactionQueue.patience)
            // 8 is SQLITE_READONLY.
            guard !connection.isReadOnly else { throw SQLiteError(code: 8, message: "it may only be read") }
            try connection.useWriteAheadLog(synchronous: .full)
            try connection.overwriteDeleted()
            return connection
        } catch {
            guard !error.isBusy && !error.isFull else { throw .database(error) }
            throw .cannotOpen(path: path, reason: openingFault(path) ?? error.message)
        }
    }

    /// "If a rowid table has a primary key that consists of a single column and the declared type of that column is
    /// "INTEGER" in any mixture of upper and lower case, then the column becomes an alias for the rowid"
    /// (https://www.sqlite.org/lang_createtable.html#rowid): only such a one is filled in by itself.
    private static func ids(_ connection: inout Connection) throws(StoreError) -> (areIntegers: Bool, areChosen: Bool) {
        do throws(SQLiteError) {
            let row = try connection.first(
                """
                SELECT upper(type) LIKE '%INT%',
                    upper(type) = 'INTEGER' AND pk = 1
                    AND (SELECT max(pk) FROM pragma_table_info('users')) = 1
                    AND (SELECT NOT wr FROM pragma_table_list
                        WHERE schema = 'main' AND name = 'users' COLLATE NOCASE)
                FROM pragma_table_info('users') WHERE lower(name) = 'id'
                """)
            return (row?.bool(0) ?? false, row?.bool(1) ?? false)
        } catch {
            throw .database(error)
        }
    }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (inout Connection) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        try await transactions.run(writes: false, body)
    }

    func write<T: Sendable>(
        _ body: @escaping @Sendable (inout Connection) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        try await transactions.run(writes: true, body)
    }
}
