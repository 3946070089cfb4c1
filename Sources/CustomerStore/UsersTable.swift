internal import Environment
internal import Migrations
internal import SQLite

/// What the migrations put on the host's `users` table: it stays there only as long as the host leaves the table in place.
///
/// A migration tool that changes a table of SQLite makes a new one, copies the rows and drops the old one with its triggers
/// and indexes (the twelve steps of https://www.sqlite.org/lang_altertable.html#otheralter). Nothing would queue a change
/// from then on, so what is missing is made again, at each start and while a process runs.
enum UsersTable {
    /// The newest definition of each trigger and index, by name, in the order in which they are to be made.
    private static func definitions() throws(StoreError) -> [(name: String, sql: String)] {
        var definitions: [(name: String, sql: String)] = []
        for migration in Migrations.all {
            for statement in try MigrationRunner.statements(of: migration) {
                guard let name = nameOfPart(statement.sql) else { continue }
                definitions.removeAll { $0.name == name }
                definitions.append((name, statement.sql))
            }
        }
        return definitions
    }

    /// `users_…` of `CREATE [UNIQUE] TRIGGER | INDEX [IF NOT EXISTS] users_…`; those of the audit log, which somebody may
    /// have taken off to change it, are kept in the same way.
    private static func nameOfPart(_ sql: String) -> String? {
        let words = sql.split(maxSplits: 7, whereSeparator: \.isWhitespace).prefix(7)
        guard words.first == "CREATE", words.contains("TRIGGER") || words.contains("INDEX") else { return nil }
        return words.first { $0.hasPrefix("users_") || $0.hasPrefix("audit_events_") }.map(String.init)
    }

    private static func requireColumns(_ connection: inout Connection) throws(StoreError) {
        let columns = try connection.rows("SELECT lower(name) FROM pragma_table_xinfo('users')").map { $0.text(0) }
        let needed = ["id", "email", "name", "phone", "stripe_metadata", "stripe_customer_id"]
        guard let lost = needed.first(where: { !columns.contains($0) }) else { return }
        throw .usersTableUnfit(
            reason: "it has lost its column \(lost); add it again, with its values where there are any")
    }

    static func missing(_ connection: inout Connection) throws(StoreError) -> [(name: String, sql: String)] {
        // In the midst of the host's own migration there may be no such table for a moment.
        let rows = try connection.rows(
            "SELECT name FROM sqlite_schema WHERE tbl_name COLLATE NOCASE IN ('users', 'audit_events')")
        let names = Set(rows.compactMap { $0.text(0) })
        guard names.contains(where: { $0.lowercased() == "users" }), names.contains("audit_events") else { return [] }
        return try definitions().filter { !names.contains($0.name) }
    }

    /// The same in a transaction of its own, when there is anything to do.
    static func restoreIfNeeded(at now: Milliseconds, _ connection: inout Connection) throws(StoreError) -> Int {
        guard try !missing(&connection).isEmpty else { return 0 }
        return try connection.transaction { connection throws(StoreError) in try restore(at: now, &connection) }
    }

    /// Makes again what is missing, and queues every user whose row is not what Stripe was last told: nobody has noted
    /// which of them changed meanwhile.
    /// - Returns: How many triggers and indexes were missing.
    static func restore(at now: Milliseconds, _ connection: inout Connection) throws(StoreError) -> Int {
        let missing = try missing(&connection)
        guard !missing.isEmpty else { return 0 }
        try requireColumns(&connection)
        for part in missing { try connection.change(part.sql) }
        guard missing.contains(where: { $0.name.hasPrefix("users_") }) else { return missing.count }
        try connection.change(
            """
            INSERT INTO sync_queue (user_id, change_id, enqueued_at)
            SELECT CAST(id AS TEXT), lower(hex(randomblob(16))), ?
            FROM users LEFT JOIN synced_profiles ON user_id = CAST(id AS TEXT)
            WHERE profile IS NULL
                OR email IS NOT json_extract(profile, '$.email') OR name IS NOT json_extract(profile, '$.name')
                OR phone IS NOT json_extract(profile, '$.phone')
                OR iif(json_valid(coalesce(stripe_metadata, '{}')), json(coalesce(stripe_metadata, '{}')), '')
                    IS NOT json_remove(json_extract(profile, '$.metadata'), '$.userId')
            ON CONFLICT (user_id) DO NOTHING
            """, [.integer(now)])
        return missing.count
    }
}

extension CustomerStore {
    /// Makes again what the host's migrations have taken off the users table.
    /// - Returns: How many triggers and indexes were missing.
    package func restoreUsersTable() async throws(StoreError) -> Int {
        let isWhole = try await read { connection throws(StoreError) in
            try UsersTable.missing(&connection).isEmpty
        }
        guard !isWhole else { return 0 }
        let now = leaseClock.now()
        return try await write { connection throws(StoreError) in try UsersTable.restore(at: now, &connection) }
    }
}
