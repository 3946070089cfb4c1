import CustomerStore
import Migrations
import SQLite

extension MigrationRunner {
    /// What a migration makes, as its statement says.
    struct Creation {
        let isTrigger: Bool
        let isTable: Bool
        let name: String
        /// `IF NOT EXISTS`: for what a host's users table may have already.
        let isOptional: Bool
        /// In the form in which SQLite keeps it.
        let text: String

        init?(_ sql: String) {
            let words = sql.split(maxSplits: 8, whereSeparator: { $0.isWhitespace || $0 == "(" }).prefix(8)
            guard words.first == "CREATE",
                let kind = words.firstIndex(where: { ["TABLE", "INDEX", "TRIGGER"].contains($0) })
            else { return nil }
            let rest = words[(kind + 1)...]
            isOptional = rest.prefix(3) == ["IF", "NOT", "EXISTS"]
            guard let name = rest.dropFirst(isOptional ? 3 : 0).first else { return nil }
            (isTrigger, isTable, self.name) = (words[kind] == "TRIGGER", words[kind] == "TABLE", String(name))
            let kept = isOptional ? sql.replacing("IF NOT EXISTS ", with: "") : sql
            text = String(kept.last == ";" ? kept.dropLast() : kept[...])
        }
    }

    /// Looks for everything that the migrations are going to make, before the first of them changes anything: a table of
    /// the host's with such a name would stop them halfway.
    static func requireFreeNames(for migrations: [Migration], _ connection: inout Connection) throws(StoreError) {
        for migration in migrations {
            for statement in try statements(of: migration) {
                guard let creation = Creation(statement.sql) else { continue }
                // Triggers have names of their own, tables, views and indexes share theirs.
                let holder = try connection.row(
                    """
                    SELECT type, tbl_name FROM sqlite_schema
                    WHERE name = ?1 COLLATE NOCASE AND (type = 'trigger') = ?2
                        AND NOT (?3 AND tbl_name = 'users' COLLATE NOCASE)
                    """,
                    [.text(creation.name), SQLiteValue(creation.isTrigger), SQLiteValue(creation.isOptional)])
                if let holder { throw .nameTaken(kind: holder.text(0) ?? "", name: creation.name) }
            }
        }
    }

    static func statements(of migration: Migration) throws(StoreError) -> [ScriptStatement] {
        do throws(SQLiteError) {
            return try splitStatements(String(decoding: migration.sql, as: UTF8.self))
        } catch {
            throw StoreError(error)
        }
    }
}
