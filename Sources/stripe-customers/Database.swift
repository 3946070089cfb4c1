import CustomerStore
import Environment
import SQLiteStore

/// The database that the options name: the one place that names its engine.
struct Database: Sendable {
    let path: String

    /// Whether this process may work on it; nothing is written.
    func inspect(
        account: String, keyOwner: String?, app: String?, auditKey: AuditKey?
    ) throws(StoreError) {
        try CustomerStore.inspect(path: path, account: account, keyOwner: keyOwner, app: app, auditKey: auditKey)
    }

    func open(clock: any WallClock, auditKey: AuditKey?) throws(StoreError) -> CustomerStore {
        try CustomerStore(path: path, clock: clock, auditKey: auditKey)
    }

    /// What can be seen of it without changing a byte.
    func look() throws(StoreError) -> DatabaseInspection { try DatabaseInspection(path: path) }

    func migrate(app: String?) throws(StoreError) -> [String] { try MigrationRunner.migrate(path: path, app: app) }

    func pendingMigrations(app: String?) throws(StoreError) -> [String] {
        try MigrationRunner.pending(path: path, app: app)
    }

    func usersWithoutCustomer() throws(StoreError) -> Int { try MigrationRunner.usersWithoutCustomer(path: path) }
}
