package import CustomerStore

/// A transaction of an engine that speaks SQL. The text of each verb stands once, in the extensions of this protocol; an
/// engine in which a verb has to be another one declares it itself.
///
/// Parameters are written `$1`: both SQLite and PostgreSQL take them so. Nothing here knows the time or makes up ids.
package protocol SQLTransaction: StoreTransaction {
    func all(_ text: String, _ arguments: [SQLValue]) throws(StoreError) -> [any SQLRow]
    /// The first row.
    func row(_ text: String, _ arguments: [SQLValue]) throws(StoreError) -> (any SQLRow)?
    func change(_ text: String, _ arguments: [SQLValue]) throws(StoreError)
    /// Every write to the host's table goes through here.
    /// - Throws: `.usersTableRefuses` when a rule of the host's own is in the way.
    @discardableResult
    func writeUsers(
        _ write: UsersTableWrite, _ text: String, _ arguments: [SQLValue]
    ) throws(StoreError) -> [any SQLRow]

    // MARK: What each engine says in its own way

    /// Whether a column is one of the texts of a parameter (`SQLValue.texts`).
    static func isOneOf(_ column: String, _ parameter: String) -> String
    /// The texts of a parameter as the rows of a table with the column `value`.
    static func list(_ parameter: String) -> String
    /// The same of a column that holds a list.
    static func storedList(_ column: String) -> String
    /// Whether `users.email` may be the address of a parameter, whatever its case.
    static func mayHaveAddress(_ parameter: String) -> String
    /// Whether `users.id` is something that a call can name.
    static var hasReadableID: String { get }
    /// The text at a path, such as `email.hash`, of a column of JSON.
    static func jsonText(_ column: String, _ path: String) -> String
    /// The truth value at a name of a column of JSON, as 1 or 0.
    static func jsonFlag(_ column: String, _ name: String) -> String
}

extension SQLTransaction {
    func all(_ text: String) throws(StoreError) -> [any SQLRow] { try all(text, []) }
    func row(_ text: String) throws(StoreError) -> (any SQLRow)? { try row(text, []) }
    func change(_ text: String) throws(StoreError) { try change(text, []) }

    func has(_ text: String, _ arguments: [SQLValue]) throws(StoreError) -> Bool { try row(text, arguments) != nil }

    /// The texts of the first column.
    func texts(_ text: String, _ arguments: [SQLValue] = []) throws(StoreError) -> [String] {
        try all(text, arguments).compactMap { $0.text(0) }
    }
}

/// A count and one, as long as the column takes it.
func oneMore(_ column: String) -> String {
    "CASE WHEN \(column) < 2147483647 THEN \(column) + 1 ELSE 2147483647 END"
}
