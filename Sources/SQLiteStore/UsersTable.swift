import CustomerStore
import Environment
import Migrations
import SQLite

/// The triggers and indexes that the migrations put on the host's `users` table, where they stay only as long as the host
/// leaves the table in place; and those of the audit log, which go the same way.
///
/// A migration tool that changes a table of SQLite makes a new one, copies the rows and drops the old one with its triggers
/// and indexes (the twelve steps of https://www.sqlite.org/lang_altertable.html#otheralter). Nothing would queue a change
/// from then on, so what is missing is made again, at each start and while a process runs.
enum UsersTable {
    private struct Part: Sendable {
        let name: String
        let sql: String

        /// `users_…`; those of the audit log, which somebody may have taken off to change it, are kept in the same way.
        init?(_ sql: String) {
            guard let creation = MigrationRunner.Creation(sql),
                !creation.isTable, ["users_", "audit_events_"].contains(where: { creation.name.hasPrefix($0) })
            else { return nil }
            (name, self.sql) = (creation.name, creation.text)
        }
    }

    /// The newest definition of each trigger and index, in the order in which they are to be made.
    private static let parts: Result<[Part], StoreError> = Result { () throws(StoreError) in
        var parts: [Part] = []
        for migration in Migrations.all {
            for statement in try MigrationRunner.statements(of: migration) {
                guard let part = Part(statement.sql) else { continue }
                parts.removeAll { $0.name == part.name }
                parts.append(part)
            }
        }
        return parts
    }

    private static func requireColumns(_ connection: inout Connection) throws(StoreError) {
        let names = try connection.rows("SELECT lower(name) FROM pragma_table_xinfo('users')").map { $0.text(0) }
        guard let lost = columns.first(where: { !names.contains($0) }) else { return }
        throw .usersTableUnfit(
            reason: "it has lost its column \(lost); add it again, with its values where there are any")
    }

    /// What is not there, or there with another text.
    private static func missing(_ connection: inout Connection) throws(StoreError) -> [Part] {
        // In the midst of the host's own migration there may be no such table for a moment.
        let rows = try connection.rows(
            "SELECT name, sql FROM sqlite_schema WHERE tbl_name COLLATE NOCASE IN ('users', 'audit_events')")
        let names = rows.compactMap { $0.text(0) }
        guard names.contains(where: { $0.lowercased() == "users" }), names.contains("audit_events") else { return [] }
        if try MigrationRunner.isOutdated(&connection) { return [] }
        return try parts.get().filter { part in
            !rows.contains { $0.text(0) == part.name && $0.text(1) == part.sql }
        }
    }

    /// `restore` in a transaction of its own, when there is anything to do.
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
        for part in missing {
            let kind = part.sql.hasPrefix("CREATE TRIGGER") ? "TRIGGER" : "INDEX"
            try connection.change("DROP \(kind) IF EXISTS \(part.name)")
            do throws(SQLiteError) { try connection.execute(part.sql) } catch { throw MigrationRunner.unfit(error) }
        }
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
