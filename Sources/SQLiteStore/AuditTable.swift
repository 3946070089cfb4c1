import CustomerStore
import Migrations
import SQLite

/// The log's table as SQLite has it, held against how the migrations make it.
///
/// A trigger of somebody else's can keep events out, and an index that leaves events out keeps them from whoever looks
/// for them; no hash tells of either.
enum AuditTable {
    private static let name = "audit_events"

    /// The text of the table, and of each of its triggers and indexes.
    private static let ours: Result<[String: String], StoreError> = Result { () throws(StoreError) in
        var texts: [String: String] = [:]
        for migration in Migrations.all {
            for statement in try MigrationRunner.statements(of: migration) {
                guard let creation = MigrationRunner.Creation(statement.sql),
                    creation.name == name || creation.name.hasPrefix(name + "_")
                else { continue }
                texts[creation.name] = creation.text
            }
        }
        return texts
    }

    /// The names of what is not ours, or not as ours. What is missing is no fault: it is made again.
    static func foreignParts(_ connection: inout Connection) throws(StoreError) -> [String] {
        if try MigrationRunner.isOutdated(&connection) { return [] }
        let ours = try ours.get()
        return try connection.rows(
            "SELECT name, sql FROM sqlite_schema WHERE tbl_name = ? COLLATE NOCASE ORDER BY name", [.text(name)]
        ).compactMap { row in
            guard let part = row.text(0), ours[part] != row.text(1) else { return nil }
            return part
        }
    }

    private static let indexes = [
        (name: "audit_events_at", column: "at"), (name: "audit_events_actor", column: "actor_id"),
        (name: "audit_events_user", column: "user_id"), (name: "audit_events_customer", column: "customer_id"),
    ]

    /// The first of these events that one of our indexes leaves out. `PRAGMA integrity_check` would tell it of all events at
    /// once, and everything else would wait for it.
    static func eventMissingInIndex(
        after sequence: Int64, through last: Int64, _ connection: inout Connection
    ) throws(StoreError) -> Int64? {
        let present = try connection.rows(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?", [.text(name)]
        ).map { $0.text(0) }
        let conditions = indexes.filter { present.contains($0.name) }.map { index in
            """
            event.\(index.column) IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM \(name) AS entry INDEXED BY \(index.name)
                WHERE entry.\(index.column) = event.\(index.column) AND entry.sequence = event.sequence)
            """
        }
        if conditions.isEmpty { return nil }
        return try connection.row(
            """
            SELECT sequence FROM \(name) AS event NOT INDEXED
            WHERE sequence > ? AND sequence <= ? AND (\(conditions.joined(separator: " OR "))) ORDER BY sequence LIMIT 1
            """, [.integer(sequence), .integer(last)])?.integer(0)
    }
}
