package import CustomerStore
import Migrations
import SQLite

extension DatabaseInspection {
    /// - Throws: `StoreError` when it can't be read, or isn't one that this version can work with.
    package init(path: String) throws(StoreError) {
        var connection: Connection
        do throws(SQLiteError) { connection = try Connection(unchanging: path) } catch { throw StoreError(error) }
        let pending = try MigrationRunner.pending(&connection)
        try MigrationRunner.requireFreeNames(for: pending, &connection)
        var fault: StoreError?
        do throws(StoreError) { try UsersTable.requireFit(&connection) } catch {
            guard case .usersTableUnfit = error else { throw error }
            fault = error
        }
        let hasUsers = try connection.hasTable("users")
        let hasLog = try connection.hasTable("audit_events")
        self.init(
            pending: pending.map(\.name), account: try connection.setting("account"),
            keyOwner: try connection.setting("key_owner"), app: try connection.setting(CustomerStore.appName),
            usersFault: fault,
            userCount: hasUsers ? Int(try connection.row("SELECT count(*) FROM users")?.integer(0) ?? 0) : nil,
            unlinkedCount: hasUsers && pending.isEmpty ? try MigrationRunner.usersWithoutCustomer(&connection) : nil,
            usersConcerns: hasUsers && fault == nil ? try UsersTable.concerns(&connection) : [],
            needsAuditKey: hasLog ? try connection.row("SELECT 1 FROM audit_events LIMIT 1") != nil : false)
    }
}

extension Connection {
    fileprivate mutating func setting(_ name: String) throws(StoreError) -> String? {
        guard try hasTable("settings") else { return nil }
        return try row("SELECT value FROM settings WHERE name = ?", [.text(name)])?.text(0)
    }
}
