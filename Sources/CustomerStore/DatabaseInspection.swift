import Migrations
import SQLite

/// What can be seen of a database before a session begins, without changing a byte of it or making a file beside it.
package struct DatabaseInspection: Sendable {
    /// The migrations that the next start applies.
    package let pending: [String]
    /// The account and mode that it is bound to, as `CustomerStore.bind` names them; `nil` for none yet.
    package let account: String?
    private let keyOwner: String?
    private let app: String?
    /// Why the users table can't serve.
    package let usersFault: StoreError?
    /// `nil` where there is no users table.
    package let userCount: Int?
    /// How many of them have no customer and wait for none; `nil` where that can't be told before the migrations.
    package let unlinkedCount: Int?
    /// What is no reason not to start; empty where the table can't serve.
    package let usersConcerns: [UsersTableConcern]
    /// Whether something was written under an audit key, so that no new one can be made.
    package let needsAuditKey: Bool

    /// - Throws: `StoreError` when it can't be read, or isn't one that this version can work with.
    package init(path: String) throws(StoreError) {
        var connection: Connection
        do throws(SQLiteError) { connection = try Connection(unchanging: path) } catch { throw .database(error) }
        let pending = try MigrationRunner.pending(&connection)
        try MigrationRunner.requireFreeNames(for: pending, &connection)
        var fault: StoreError?
        do throws(StoreError) { try UsersTable.requireFit(&connection) } catch {
            guard case .usersTableUnfit = error else { throw error }
            fault = error
        }
        let hasUsers = try connection.hasTable("users")
        self.pending = pending.map(\.name)
        usersFault = fault
        account = try connection.setting("account")
        keyOwner = try connection.setting("key_owner")
        app = try connection.setting(CustomerStore.appName)
        userCount = hasUsers ? Int(try connection.row("SELECT count(*) FROM users")?.integer(0) ?? 0) : nil
        unlinkedCount =
            hasUsers && pending.isEmpty ? try MigrationRunner.usersWithoutCustomer(&connection) : nil
        usersConcerns = hasUsers && fault == nil ? try UsersTable.concerns(&connection) : []
        let hasLog = try connection.hasTable("audit_events")
        needsAuditKey = hasLog ? try connection.row("SELECT 1 FROM audit_events LIMIT 1") != nil : false
    }

    /// Why the database is not for this account and key; `nil` if it is, or belongs to nobody yet.
    package func bindingFault(account: String, keyOwner: String?) -> StoreError? {
        CustomerStore.bindingFault(bound: self.account, account: account, owner: self.keyOwner, keyOwner: keyOwner)
    }
}

extension DatabaseInspection {
    /// Why the database is not this application's; `nil` if it is, or belongs to none yet.
    package func applicationFault(_ name: String?) -> StoreError? {
        guard let app, let name, app != name else { return nil }
        return .otherApp(bound: app, given: name)
    }
}

extension Connection {
    fileprivate mutating func hasTable(_ name: String) throws(StoreError) -> Bool {
        try row(
            "SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE AND type = 'table'",
            [.text(name)]) != nil
    }

    fileprivate mutating func setting(_ name: String) throws(StoreError) -> String? {
        guard try hasTable("settings") else { return nil }
        return try row("SELECT value FROM settings WHERE name = ?", [.text(name)])?.text(0)
    }
}
