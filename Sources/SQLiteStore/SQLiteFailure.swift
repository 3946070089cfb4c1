package import CustomerStore
package import SQLite

/// A failure of SQLite in the terms of the store.
extension StoreError: SQLiteErrorConvertible {
    package init(_ error: SQLiteError) { self = .engine(EngineFailure(error)) }
}

extension EngineFailure {
    init(_ error: SQLiteError) {
        self.init(error.kind, message: error.message, code: "SQLite code \(error.code)")
    }
}

extension SQLiteError {
    fileprivate var kind: EngineFailure.Kind {
        if isBusy { return .busy }
        if isFull { return .full }
        if isIOFailure { return .inputOutput }
        return isConstraint || isMismatch ? .refused : .other
    }
}

extension UsersTableRule {
    /// SQLite's messages name tables, columns and the rules as they are written in the schema, never values. Only what a
    /// trigger raises may be put together from values (since 3.47, https://www.sqlite.org/lang_createtrigger.html): it is
    /// kept where the schema has it word for word.
    /// - Returns: `nil` when the failure is not about a rule.
    init?(_ error: SQLiteError, isInSchema: Bool) {
        guard error.isConstraint || error.isMismatch else { return nil }
        // "NOT NULL constraint failed: users.password"
        let subject = error.message.firstIndex(of: ":").map { String(error.message[$0...].dropFirst(2)) }
        let rule =
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
        self.init(rule)
    }
}
