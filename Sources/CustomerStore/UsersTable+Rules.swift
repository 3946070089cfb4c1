import SQLite

/// A rule that a host has put on its users table, as far as SQLite names it: `NOT NULL users.password`.
package struct UsersTableRule: Sendable, CustomStringConvertible {
    package let description: String

    /// SQLite's messages name tables, columns and the rules as they are written in the schema, never values. Only what a
    /// trigger raises may be put together from values (since 3.47, https://www.sqlite.org/lang_createtrigger.html): it is
    /// kept where the schema has it word for word.
    /// - Returns: `nil` when the failure is not about a rule.
    init?(_ error: SQLiteError, isInSchema: Bool) {
        guard error.isConstraint || error.isMismatch else { return nil }
        // "NOT NULL constraint failed: users.password"
        let subject = error.message.firstIndex(of: ":").map { String(error.message[$0...].dropFirst(2)) }
        description =
            switch error.code {
            // SQLITE_CONSTRAINT_…: computed macros, which Swift doesn't import (https://sqlite.org/rescode.html).
            case 1299: "NOT NULL \(subject ?? "users")"
            case 2067, 1555, 2579: "UNIQUE \(subject ?? "users")"
            case 275: "CHECK users" + (subject.map { ": " + $0 } ?? "")
            case 787: "FOREIGN KEY of or to users"
            case 1811: "TRIGGER on users" + (isInSchema ? ": " + error.message : "")
            case 3091: "TYPE of \(error.message.split(separator: " ").last ?? "users")"
            default: error.isMismatch ? "TYPE of users.id" : "CONSTRAINT on users"
            }
    }
}

/// What was to be written to the users table.
package enum UsersTableWrite: Sendable {
    case insert, profile, delete
    /// `stripe_customer_id`.
    case link
}

extension CustomerStore {
    /// Every write to the host's table goes through here.
    /// - Throws: `.usersTableRefuses` when a rule of the host's own is in the way.
    @discardableResult
    static func writeUsers(
        _ write: UsersTableWrite, _ sql: String, _ arguments: [SQLiteValue], _ connection: inout Connection
    ) throws(StoreError) -> [Row] {
        do throws(StoreError) {
            return try connection.rows(sql, arguments)
        } catch {
            guard case .database(let failure) = error else { throw error }
            let isInSchema =
                try connection.row(
                    "SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND instr(sql, replace(?, '''', ''''''))",
                    [.text(failure.message)]) != nil
            guard let rule = UsersTableRule(failure, isInSchema: isInSchema) else { throw error }
            throw .usersTableRefuses(rule, write)
        }
    }
}
