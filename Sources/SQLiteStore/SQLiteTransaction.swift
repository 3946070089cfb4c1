import CustomerStore
import Environment
import SQLite
import StoreSQL

/// The rows of an SQLite database, for whoever has its one write lock: nobody else changes anything meanwhile, so a lock of
/// single rows has nothing to do.
///
/// One object serves all transactions on a connection, one after another.
// Unchecked, because the connection in it is not shared: `SQLiteEngine` hands it to one thread at a time.
final class SQLiteTransaction: SQLTransaction, @unchecked Sendable {
    var connection: Connection
    let restoredParts = RestoredParts()
    /// SQLite's number of the schema in which it lacked none.
    private var wholeAt: Int64?

    init(_ connection: consuming Connection) { self.connection = connection }

    func lock(_ names: [LockName]) throws(StoreError) {}

    func attempt<T>(_ body: () throws(StoreError) -> T) throws(StoreError) -> T {
        try bracketed(by: ("SAVEPOINT attempt", "RELEASE attempt", ["ROLLBACK TO attempt", "RELEASE attempt"]), body)
    }

    /// A transaction of its own.
    func transact<T>(
        _ kind: TransactionKind, _ body: (any StoreTransaction) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        try bracketed(by: (kind.rawValue, "COMMIT", ["ROLLBACK"])) { () throws(StoreError) in try body(self) }
    }

    private func bracketed<T>(
        by statements: (begin: String, end: String, undo: [String]), _ body: () throws(StoreError) -> T
    ) throws(StoreError) -> T {
        try change(statements.begin, [])
        do throws(StoreError) {
            let value = try body()
            try change(statements.end, [])
            return value
        } catch {
            // Some failures, a full disk among them, have rolled back by themselves; then nothing is left to undo
            // (https://sqlite.org/lang_transaction.html, 3).
            for statement in statements.undo where connection.isInTransaction { try? connection.execute(statement) }
            throw error
        }
    }

    // MARK: Statements

    func all(_ sql: String, _ arguments: [SQLValue]) throws(StoreError) -> [any SQLRow] {
        try connection.rows(sql, arguments.map(SQLiteValue.init))
    }

    func row(_ sql: String, _ arguments: [SQLValue]) throws(StoreError) -> (any SQLRow)? {
        try connection.row(sql, arguments.map(SQLiteValue.init))
    }

    func change(_ sql: String, _ arguments: [SQLValue]) throws(StoreError) {
        try connection.change(sql, arguments.map(SQLiteValue.init))
    }

    @discardableResult
    func writeUsers(
        _ write: UsersTableWrite, _ sql: String, _ arguments: [SQLValue]
    ) throws(StoreError) -> [any SQLRow] {
        do throws(SQLiteError) {
            return try connection.query(sql, arguments.map(SQLiteValue.init))
        } catch {
            let isInSchema =
                try connection.row(
                    "SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND instr(sql, replace(?, '''', ''''''))",
                    [.text(error.message)]) != nil
            guard let rule = UsersTableRule(error, isInSchema: isInSchema) else { throw StoreError(error) }
            throw .usersTableRefuses(rule, write)
        }
    }

    // MARK: What SQLite says in its own way

    static func isOneOf(_ column: String, _ parameter: String) -> String {
        "\(column) IN (SELECT value FROM json_each(\(parameter)))"
    }

    static func list(_ parameter: String) -> String { "json_each(\(parameter))" }
    static func storedList(_ column: String) -> String { "json_each(\(column))" }

    /// Through the index, but NOCASE compares no further than a U+0000.
    static func mayHaveAddress(_ parameter: String) -> String { "users.email = \(parameter) COLLATE NOCASE" }

    static let hasReadableID = "typeof(users.id) <> 'blob'"

    static func jsonText(_ column: String, _ path: String) -> String { "json_extract(\(column), '$.\(path)')" }
    static func jsonFlag(_ column: String, _ name: String) -> String {
        "json_extract(\(column), '$.\(name)') IS 1"
    }

    // MARK: The schema

    func isUsersTableWhole() throws(StoreError) -> Bool { try wholeAt == schemaCookie() }

    func restoreUsersTable(at now: Milliseconds) throws(StoreError) {
        let cookie = try schemaCookie()
        if cookie == wholeAt { return }
        let restored = try UsersTable.restore(at: now, &connection)
        restoredParts.add(restored)
        // What was just made may be rolled back, so it is looked at once more.
        if restored == 0 { wholeAt = cookie }
    }

    /// "The schema-version is incremented whenever the schema changes" (https://www.sqlite.org/pragma.html#pragma_schema_version):
    /// whoever changes a table, nothing has to be looked at again until it does.
    private func schemaCookie() throws(StoreError) -> Int64 {
        try connection.row("PRAGMA schema_version")?.integer(0) ?? 0
    }

    func schemaVersion() throws(StoreError) -> Int { try MigrationRunner.newestVersion(&connection) }

    func foreignAuditParts() throws(StoreError) -> [String] { try AuditTable.foreignParts(&connection) }

    func auditEventMissingInIndex(after sequence: Int64, through last: Int64) throws(StoreError) -> Int64? {
        try AuditTable.eventMissingInIndex(after: sequence, through: last, &connection)
    }
}
