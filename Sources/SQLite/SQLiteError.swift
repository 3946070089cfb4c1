import CSQLite

/// What SQLite refused or could not do.
///
/// `sql` is the statement's text with its `?` placeholders; the bound arguments hold personal data and never enter an
/// error.
package struct SQLiteError: Error, Sendable {
    /// The extended result code: https://sqlite.org/rescode.html
    package let code: Int32
    package let message: String
    package let sql: String

    package init(code: Int32, message: String, sql: String = "") {
        self.code = code
        self.message = message
        self.sql = sql
    }

    /// "The least significant 8 bits of the result code define a broad category" (https://sqlite.org/rescode.html).
    package var primaryCode: Int32 { code & 0xff }

    /// Another connection held the lock for longer than the busy timeout. The work can be tried again.
    package var isBusy: Bool { primaryCode == SQLITE_BUSY }
    /// A UNIQUE, PRIMARY KEY, NOT NULL, CHECK or FOREIGN KEY constraint, or a trigger's `RAISE`.
    package var isConstraint: Bool { primaryCode == SQLITE_CONSTRAINT }
    /// A row with the same UNIQUE or PRIMARY KEY value exists.
    package var isUniqueViolation: Bool {
        // SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_CONSTRAINT_ROWID: computed macros, which
        // Swift doesn't import.
        [2067, 1555, 2579].contains(code)
    }
    /// A value that does not fit the column, such as a text for an INTEGER PRIMARY KEY.
    package var isMismatch: Bool { primaryCode == SQLITE_MISMATCH }
    package var isFull: Bool { primaryCode == SQLITE_FULL }
    package var isReadOnly: Bool { primaryCode == SQLITE_READONLY }
    package var isIOFailure: Bool { primaryCode == SQLITE_IOERR }
    package var isCannotOpen: Bool { primaryCode == SQLITE_CANTOPEN }
}

extension SQLiteError: CustomStringConvertible {
    package var description: String { "SQLite error \(code): \(message)" + (sql.isEmpty ? "" : " in \(sql)") }
}

/// An error type that can carry a failure of the database, so that a transaction's body may throw it.
package protocol SQLiteErrorConvertible: Error {
    init(_ error: SQLiteError)
}
