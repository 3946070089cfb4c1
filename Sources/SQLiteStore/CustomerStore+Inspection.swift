package import CustomerStore
import SQLite

extension CustomerStore {
    /// Looks, before anything is written, whether this process may work on the database: a start that is refused leaves the
    /// file byte for byte as it was. Everything is looked at again when it is done.
    /// - Parameters: As for `bind` and the initializer.
    /// - Throws: Why it may not. What can't be looked at now shows when the database is opened.
    package static func inspect(
        path: String, account: String? = nil, keyOwner: String? = nil, app: String? = nil, auditKey: AuditKey? = nil
    ) throws(StoreError) {
        guard path != ":memory:" else { return }
        do throws(StoreError) {
            var connection = try unchanging(path)
            try MigrationRunner.requireMigratable(&connection)
            let (hasSettings, hasLog) = (try connection.hasTable("settings"), try connection.hasTable("audit_events"))
            let rows = SQLiteTransaction(connection)
            if hasSettings {
                try requireAccount(account, keyOwner, rows)
                try requireApp(app, rows)
            }
            if hasLog { try AuditLog.requireOpenable(database: path, key: auditKey, rows) }
        } catch {
            switch error {
            case .engine, .cannotOpen: return
            default: throw error
            }
        }
    }

    private static func unchanging(_ path: String) throws(StoreError) -> Connection {
        do throws(SQLiteError) { return try Connection(unchanging: path) } catch { throw StoreError(error) }
    }
}
