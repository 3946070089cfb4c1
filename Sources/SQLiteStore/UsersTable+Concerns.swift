import CustomerStore
import SQLite

extension UsersTable {
    /// All that is found in a table that is fit. Reads only.
    static func concerns(_ connection: inout Connection) throws(StoreError) -> [UsersTableConcern] {
        let columns = try connection.rows("SELECT lower(name) FROM pragma_table_xinfo('users')").compactMap {
            $0.text(0)
        }
        guard columns.contains("id"), columns.contains("email") else { return [] }
        return [
            try unfillableColumns(&connection), try namelessRows(&connection), try sharedAddresses(&connection),
            try refusedAddresses(&connection),
            columns.contains("stripe_metadata") ? try unreadableMetadata(&connection) : nil,
        ].compactMap(\.self)
    }

    /// A `registerUser` fills id, email, name, phone and stripe_metadata, and SQLite an INTEGER PRIMARY KEY.
    private static func unfillableColumns(_ connection: inout Connection) throws(StoreError) -> UsersTableConcern? {
        let names = try connection.rows(
            """
            SELECT name FROM pragma_table_xinfo('users')
            WHERE "notnull" AND dflt_value IS NULL AND hidden = 0 AND NOT (pk = 1 AND upper(type) = 'INTEGER')
                AND lower(name) NOT IN ('id', 'email', 'name', 'phone', 'stripe_metadata')
            """
        ).compactMap { $0.text(0) }
        guard !names.isEmpty else { return nil }
        return UsersTableConcern(
            cause: "registerUser can't add users: it knows no value for \(names.joined(separator: ", ")), which "
                + "\(names.count == 1 ? "is" : "are") NOT NULL without a default",
            remedy: "insert users by the program that knows it, then call ensureCustomerExists; or give it a default")
    }

    private static func namelessRows(_ connection: inout Connection) throws(StoreError) -> UsersTableConcern? {
        guard let rows = try affected("id = '' OR typeof(id) = 'blob'", &connection) else { return nil }
        return UsersTableConcern(
            cause:
                "\(rows) \(rows.count == 1 ? "has" : "have") an id that is empty or bytes, by which no call can name it",
            remedy: "give each an id of its own, as text")
    }

    private static func sharedAddresses(_ connection: inout Connection) throws(StoreError) -> UsersTableConcern? {
        let groups = "FROM users WHERE email <> '' GROUP BY email COLLATE NOCASE HAVING count(*) > 1"
        let count = try connection.row("SELECT count(*) FROM (SELECT 1 \(groups))")?.integer(0) ?? 0
        guard count > 0 else { return nil }
        // Of the first, so that somebody sees what kind it is.
        let ids = try connection.rows(
            """
            SELECT CAST(id AS TEXT) FROM users
            WHERE email = (SELECT min(email) \(groups) LIMIT 1) COLLATE NOCASE ORDER BY id LIMIT \(shown)
            """
        ).compactMap { $0.text(0) }
        return UsersTableConcern(
            cause:
                "\(count == 1 ? "1 address is" : "\(count) addresses are") that of several users, in another case or the "
                + "same (such as the users \(ids.joined(separator: ", "))), so that getUserByEmail finds one of "
                + "them alone",
            remedy: "merge them or change one's address")
    }

    /// As `ProfileLimits` has it: a forecast, the judgement is Stripe's.
    private static func refusedAddresses(_ connection: inout Connection) throws(StoreError) -> UsersTableConcern? {
        let condition = """
            typeof(email) = 'text' AND email <> '' AND (email NOT LIKE '%_@%_' OR email LIKE '%@' OR length(email) > 512
                OR email GLOB '*[' || char(9, 10, 11, 12, 13, 32, 133, 160) || ']*')
            """
        guard let rows = try affected(condition, &connection) else { return nil }
        return UsersTableConcern(
            cause: "\(rows) \(rows.count == 1 ? "has" : "have") an email that is no address Stripe takes",
            remedy: "correct it, or set it to NULL; until then their customer lacks it")
    }

    private static func unreadableMetadata(_ connection: inout Connection) throws(StoreError) -> UsersTableConcern? {
        let condition = """
            stripe_metadata <> '' AND CASE WHEN NOT json_valid(stripe_metadata) THEN 1
                WHEN json_type(stripe_metadata) <> 'object' THEN 1
                ELSE EXISTS (SELECT 1 FROM json_each(stripe_metadata) WHERE type <> 'text') END
            """
        guard let rows = try affected(condition, &connection) else { return nil }
        return UsersTableConcern(
            cause: "\(rows) \(rows.count == 1 ? "has" : "have") a stripe_metadata that is no JSON object of texts",
            remedy: "write it like {\"plan\": \"pro\"}, or set it to NULL; what is no text is not sent")
    }

    // MARK: - Rows

    /// How many are named, so that a long list stays a sentence.
    private static let shown = 5

    /// `2 rows (rowid 3, 7)`
    struct AffectedRows: CustomStringConvertible {
        let count: Int
        let numbers: [Int64]

        var description: String {
            let places = numbers.map(String.init).joined(separator: ", ") + (count > numbers.count ? ", …" : "")
            return "\(count) \(count == 1 ? "row" : "rows")" + (numbers.isEmpty ? "" : " (rowid \(places))")
        }
    }

    /// - Parameter condition: SQL.
    /// - Returns: `nil` for none.
    static func affected(_ condition: String, _ connection: inout Connection) throws(StoreError) -> AffectedRows? {
        let count = Int(try connection.row("SELECT count(*) FROM users WHERE \(condition)")?.integer(0) ?? 0)
        guard count > 0 else { return nil }
        let hasRowID = try connection.row("SELECT 1 FROM pragma_table_list('users') WHERE NOT wr") != nil
        let numbers =
            hasRowID
            ? try connection.rows("SELECT rowid FROM users WHERE \(condition) ORDER BY rowid LIMIT \(shown)") : []
        return AffectedRows(count: count, numbers: numbers.compactMap { $0.integer(0) })
    }
}
