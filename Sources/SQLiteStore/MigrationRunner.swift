package import CustomerStore
import Cryptography
import Environment
import Migrations
import SQLite

/// Brings a database's schema up to date: each migration in one transaction, recorded with its checksum.
package enum MigrationRunner {
    /// Applies what is pending and returns the names, and `users` when its triggers and indexes had to be made again.
    /// - Parameter app: The application that the database is to belong to, or belongs to.
    package static func migrate(path: String, app: String? = nil) throws(StoreError) -> [String] {
        try CustomerStore.inspect(path: path, app: app)
        var connection = try openDatabase(path)
        let applied = try migrate(&connection)
        let restored = try UsersTable.restoreIfNeeded(at: SystemClock().now(), &connection)
        _ = try SQLiteTransaction(connection).transact(.immediate) { rows throws(StoreError) in
            try CustomerStore.bind(toApp: app, rows)
        }
        return applied + (restored > 0 ? ["users: \(restored) triggers and indexes"] : [])
    }

    /// How many users have no customer and wait for none: rows that were there before the triggers.
    package static func usersWithoutCustomer(path: String) throws(StoreError) -> Int {
        var connection = try openDatabase(path)
        return try usersWithoutCustomer(&connection)
    }

    static func usersWithoutCustomer(_ connection: inout Connection) throws(StoreError) -> Int {
        let row = try connection.row(
            """
            SELECT count(*) FROM users
            WHERE stripe_customer_id IS NULL AND CAST(id AS TEXT) NOT IN (SELECT user_id FROM sync_queue)
            """)
        return Int(row?.integer(0) ?? 0)
    }

    /// The names of what is pending; nothing is written, and a missing database is not created.
    package static func pending(path: String, app: String? = nil) throws(StoreError) -> [String] {
        var connection: Connection
        do throws(SQLiteError) {
            connection = try Connection(path: path, readOnly: true)
        } catch {
            let fault = openingFault(path)
            if error.isCannotOpen, fault == nil { return Migrations.all.map(\.name) }
            throw .cannotOpen(path: path, reason: fault ?? error.message)
        }
        let pending = try requireMigratable(&connection)
        guard try connection.hasTable("settings") else { return pending.map(\.name) }
        try CustomerStore.requireApp(app, SQLiteTransaction(connection))
        return pending.map(\.name)
    }

    /// Whether `migrate` is going to be refused; nothing is written. What another process that starts at the same time makes is
    /// seen together with the record of it.
    @discardableResult
    static func requireMigratable(_ connection: inout Connection) throws(StoreError) -> [Migration] {
        try connection.transaction(.deferred) { connection throws(StoreError) in
            let pending = try pending(&connection)
            try UsersTable.requireFit(&connection)
            try requireFreeNames(for: pending, &connection)
            return pending
        }
    }

    /// Several processes may start at once: each migration is looked up and applied under the write lock, so the second
    /// finds it done.
    static func migrate(_ connection: inout Connection) throws(StoreError) -> [String] {
        var applied: [String] = []
        for migration in try pending(&connection) {
            let isNew = try connection.transaction { connection throws(StoreError) in
                let recorded = try recorded(&connection)
                if recorded[migration.version] != nil { return false }
                try UsersTable.requireFit(&connection)
                try requireFreeNames(for: Migrations.all.filter { recorded[$0.version] == nil }, &connection)
                try apply(migration, &connection)
                return true
            }
            if isNew { applied.append(migration.name) }
        }
        // The host's own migrations may have changed the table since.
        try UsersTable.requireFit(&connection)
        return applied
    }

    static func pending(_ connection: inout Connection) throws(StoreError) -> [Migration] {
        let recorded = try recorded(&connection)
        let known = Migrations.newest
        if let newest = recorded.keys.max(), newest > known { throw .newerDatabase(version: newest, known: known) }
        for migration in Migrations.all {
            if let checksum = recorded[migration.version], checksum != Self.checksum(migration.sql) {
                throw .changedMigration(name: migration.name)
            }
        }
        return Migrations.all.filter { recorded[$0.version] == nil }
    }

    /// The newest migration that was applied, be it by another version.
    static func newestVersion(_ connection: inout Connection) throws(StoreError) -> Int {
        Int(try connection.row("SELECT max(version) FROM schema_migrations")?.integer(0) ?? 0)
    }

    /// Whether the migrations of a newer version ran beside this process. It may have texts of its own for what ours make.
    static func isOutdated(_ connection: inout Connection) throws(StoreError) -> Bool {
        try newestVersion(&connection) > Migrations.newest
    }

    private static func recorded(_ connection: inout Connection) throws(StoreError) -> [Int: String] {
        let columns = try connection.rows("SELECT name FROM pragma_table_info('schema_migrations')").map { $0.text(0) }
        guard !columns.isEmpty else { return [:] }
        // Other tools keep a table of this name too.
        guard columns.contains("checksum") else { throw .nameTaken(kind: "table", name: "schema_migrations") }
        var checksums: [Int: String] = [:]
        for row in try connection.rows("SELECT version, checksum FROM schema_migrations") {
            checksums[Int(row.integer(0) ?? 0)] = row.text(1) ?? ""
        }
        return checksums
    }

    private static func apply(_ migration: Migration, _ connection: inout Connection) throws(StoreError) {
        do throws(SQLiteError) {
            try connection.execute(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    version    INTEGER PRIMARY KEY,
                    name       TEXT NOT NULL,
                    checksum   TEXT NOT NULL,
                    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
                ) STRICT
                """)
            for statement in try splitStatements(String(decoding: migration.sql, as: UTF8.self)) {
                if let guardQuery = statement.unless {
                    if try connection.first(guardQuery) != nil { continue }
                    // The guards compare names by case, SQLite doesn't.
                    if let (table, column) = statement.addedColumn, try hasColumn(column, table, &connection) {
                        continue
                    }
                }
                try connection.execute(statement.sql)
            }
            try connection.execute(
                "INSERT INTO schema_migrations (version, name, checksum) VALUES (?, ?, ?)",
                [SQLiteValue(migration.version), .text(migration.name), .text(checksum(migration.sql))])
        } catch {
            throw unfit(error)
        }
    }

    private static func hasColumn(
        _ column: String, _ table: String, _ connection: inout Connection
    ) throws(SQLiteError) -> Bool {
        try connection.first(
            "SELECT 1 FROM pragma_table_xinfo(?) WHERE name = ? COLLATE NOCASE", [.text(table), .text(column)]) != nil
    }

    /// The errors that a host's own users table leads to, in words that name what to mend.
    static func unfit(_ error: SQLiteError) -> StoreError {
        if error.isUniqueViolation {
            return .usersTableUnfit(reason: "stripe_customer_id holds the same value twice; clear the duplicates first")
        }
        return StoreError(error)
    }

    private static func checksum(_ bytes: [UInt8]) -> String { Hexadecimal.text(SHA256.hash(bytes)) }
}

extension ScriptStatement {
    /// The query behind `-- unless:` in the comments before the statement.
    fileprivate var unless: String? {
        leadingComments.first { $0.hasPrefix("unless: ") }.map { String($0.dropFirst("unless: ".count)) }
    }

    /// Of `ALTER TABLE table ADD COLUMN column …`.
    fileprivate var addedColumn: (table: String, column: String)? {
        let words = sql.split(maxSplits: 6, whereSeparator: \.isWhitespace).map(String.init)
        guard words.count > 5, words[..<2] == ["ALTER", "TABLE"], words[3...4] == ["ADD", "COLUMN"] else { return nil }
        return (words[2], words[5])
    }
}
