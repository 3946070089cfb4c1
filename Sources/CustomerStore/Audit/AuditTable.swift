internal import Migrations
internal import SQLite

/// The log's table as SQLite has it, held against how the migrations make it.
///
/// A trigger of somebody else's can keep events out, and no hash tells of that.
enum AuditTable {
    private static let name = "audit_events"

    /// The text of the table, and of each of its triggers and indexes, in the form in which SQLite keeps it.
    private static let ours: Result<[String: String], StoreError> = Result { () throws(StoreError) in
        var texts: [String: String] = [:]
        for migration in Migrations.all {
            for statement in try MigrationRunner.statements(of: migration) {
                guard let creation = MigrationRunner.Creation(statement.sql),
                    creation.name == name || creation.name.hasPrefix(name + "_")
                else { continue }
                let text = statement.sql
                texts[creation.name] = String(text.last == ";" ? text.dropLast() : text[...])
            }
        }
        return texts
    }

    /// The names of what is not ours, or not as ours. What is missing is no fault: it is made again.
    static func foreignParts(_ connection: inout Connection) throws(StoreError) -> [String] {
        // A newer version, whose migrations ran beside this process, may have texts of its own.
        let newest = try connection.row("SELECT max(version) FROM schema_migrations")?.integer(0) ?? 0
        guard newest <= Migrations.all.count else { return [] }
        let ours = try ours.get()
        return try connection.rows(
            "SELECT name, sql FROM sqlite_schema WHERE tbl_name = ? COLLATE NOCASE ORDER BY name", [.text(name)]
        ).compactMap { row in
            guard let part = row.text(0), ours[part] != row.text(1) else { return nil }
            return part
        }
    }
}
