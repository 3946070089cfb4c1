package import CustomerStore
package import Environment
import SQLite

extension CustomerStore {
    /// Opens the database, creates it when missing, and applies pending migrations.
    /// - Parameters:
    ///   - clock: Dates the events of the audit log.
    ///   - watch: How the other processes on the database are watched.
    ///   - auditKey: `nil` for the one in the file beside the database.
    /// - Throws: `StoreError` when it can't be opened, is newer than this version, or has an unfit users table.
    package convenience init(
        path: String, clock: any WallClock = SystemClock(), auditKey: AuditKey? = nil,
        watch: ProcessWatch = ProcessWatch()
    ) throws(StoreError) {
        let (rows, ids) = try SQLiteTransaction.open(path)
        let audit = try rows.transact(.immediate) { rows throws(StoreError) in
            try AuditLog.open(database: path, key: auditKey, clock: clock, rows)
        }
        // A process that was killed may have left it behind. Where it can't be written, that is tried with each event.
        try? audit.moveAnchor(rows)
        self.init(engine: SQLiteEngine(rows, place: path, ids: ids), audit: audit, watch: watch)
    }
}

extension SQLiteTransaction {
    /// A database with all migrations and a users table that can serve.
    static func open(_ path: String) throws(StoreError) -> (rows: SQLiteTransaction, ids: IDTraits) {
        var connection = try openDatabase(path)
        _ = try MigrationRunner.migrate(&connection)
        let restored = try UsersTable.restoreIfNeeded(at: SystemClock().now(), &connection)
        let ids = try UsersTable.ids(&connection)
        let rows = SQLiteTransaction(connection)
        rows.restoredParts.add(restored)
        return (rows, ids)
    }
}

/// A connection set up as all of them are.
func openDatabase(_ path: String) throws(StoreError) -> Connection {
    do throws(SQLiteError) {
        var connection = try Connection(path: path, busyTimeout: SQLiteEngine.patience)
        // 8 is SQLITE_READONLY.
        guard !connection.isReadOnly else { throw SQLiteError(code: 8, message: "it may only be read") }
        try connection.useWriteAheadLog(synchronous: .full)
        try connection.overwriteDeleted()
        return connection
    } catch {
        guard !error.isBusy && !error.isFull else { throw StoreError(error) }
        throw .cannotOpen(path: path, reason: openingFault(path) ?? error.message)
    }
}
