import CustomerStore
import SQLite

/// What a table of the host's needs to have before anything is put on it.
extension UsersTable {
    static let columns = ["id", "email", "name", "phone", "stripe_metadata", "stripe_customer_id"]
    private static let needs = "it needs id (unique; text or integer) and email"

    /// - Throws: `.usersTableUnfit` when there is such a table and it can't serve. Nothing has been changed then.
    static func requireFit(_ connection: inout Connection) throws(StoreError) {
        let table = try connection.row(
            "SELECT type FROM pragma_table_list WHERE schema = 'main' AND name = 'users' COLLATE NOCASE")
        guard let kind = table?.text(0) else { return }
        guard kind == "table" else {
            // `view`, `virtual` or `shadow`
            let what = kind == "view" ? "a view" : "a \(kind) table"
            throw .usersTableUnfit(reason: "it is \(what), and changes are seen by triggers on an ordinary one")
        }
        // Unlike table_info, table_xinfo tells of generated columns: 2 and 3 are virtual and stored ones
        // (https://www.sqlite.org/pragma.html#pragma_table_xinfo).
        let rows = try connection.rows("SELECT lower(name), upper(type), hidden, pk FROM pragma_table_xinfo('users')")
        for row in rows where row.integer(2) != 0 {
            guard let name = columns.first(where: { $0 == row.text(0) }) else { continue }
            throw .usersTableUnfit(reason: "its column \(name) is generated; it has to be one that can be written")
        }
        let names = rows.compactMap { $0.text(0) }
        if let missing = ["id", "email"].first(where: { !names.contains($0) }) {
            throw .usersTableUnfit(reason: "it has no column \(missing); \(needs)")
        }
        let type = rows.first { $0.text(0) == "id" }?.text(1) ?? ""
        guard keepsIDs(type) else {
            throw .usersTableUnfit(reason: "its id is \(type.isEmpty ? "of no type" : type); \(needs)")
        }
        let key = rows.filter { $0.integer(3) != 0 }.map { $0.text(0) }
        // SQLite lets even a PRIMARY KEY be NULL, unless it is the rowid: https://www.sqlite.org/lang_createtable.html
        if let nameless = try affected("id IS NULL", &connection) {
            throw .usersTableUnfit(reason: "\(nameless) \(nameless.count == 1 ? "has" : "have") no id; \(needs)")
        }
        if key != ["id"], try !hasUniqueIndexOfID(&connection) {
            throw .usersTableUnfit(reason: "its id is neither its PRIMARY KEY nor UNIQUE by itself; \(needs)")
        }
    }

    /// By the rules of https://www.sqlite.org/datatype3.html#determination_of_column_affinity, without those of REAL and BLOB:
    /// the one makes 1.0 of 1, the other never finds the integer 1 by the text "1". A column of UUID, numeric by those
    /// rules, keeps the text.
    private static func keepsIDs(_ type: String) -> Bool {
        if ["INT", "CHAR", "CLOB", "TEXT"].contains(where: { type.contains($0) }) { return true }
        return !type.isEmpty && type != "ANY" && !["BLOB", "REAL", "FLOA", "DOUB"].contains { type.contains($0) }
    }

    private static func hasUniqueIndexOfID(_ connection: inout Connection) throws(StoreError) -> Bool {
        try connection.row(
            """
            SELECT 1 FROM pragma_index_list('users') AS list WHERE "unique" AND NOT partial
                AND (SELECT group_concat(lower(coalesce(name, ''))) FROM pragma_index_info(list.name)) = 'id'
            """) != nil
    }

    /// "If a rowid table has a primary key that consists of a single column and the declared type of that column is
    /// "INTEGER" in any mixture of upper and lower case, then the column becomes an alias for the rowid"
    /// (https://www.sqlite.org/lang_createtable.html#rowid): only such a one is filled in by itself.
    static func ids(_ connection: inout Connection) throws(StoreError) -> IDTraits {
        let row = try connection.row(
            """
            SELECT upper(type) LIKE '%INT%',
                upper(type) = 'INTEGER' AND pk = 1
                AND (SELECT max(pk) FROM pragma_table_info('users')) = 1
                AND (SELECT NOT wr FROM pragma_table_list
                    WHERE schema = 'main' AND name = 'users' COLLATE NOCASE)
            FROM pragma_table_info('users') WHERE lower(name) = 'id'
            """)
        return IDTraits(areIntegers: row?.bool(0) ?? false, areChosen: row?.bool(1) ?? false)
    }
}
