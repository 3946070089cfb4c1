import CSQLite

/// How much an acknowledged commit survives: https://sqlite.org/pragma.html#pragma_synchronous
package enum Synchronous: String, Sendable {
    /// A power cut may undo the last commits, but never corrupts.
    case normal = "NORMAL"
    /// Each commit is on the disk when it returns.
    case full = "FULL"
}

extension Connection {
    /// Switches the database to a write-ahead log, in which readers and the one writer don't wait for each other
    /// (https://sqlite.org/wal.html). A database in memory has none and stays as it is.
    ///
    /// The switch needs the file for itself and doesn't honour the busy timeout: of several processes that start at
    /// once on a new file, some are told "database is locked" at once. Hence the waiting.
    package mutating func useWriteAheadLog(synchronous: Synchronous) throws(SQLiteError) {
        var waited: Int32 = 0
        while true {
            do throws(SQLiteError) {
                try execute("PRAGMA journal_mode = WAL")
                try execute("PRAGMA synchronous = \(synchronous.rawValue)")
                return
            } catch {
                guard error.isBusy && waited < busyTimeout else { throw error }
                waited += sqlite3_sleep(10)
            }
        }
    }

    /// From here on deleted content is overwritten with zeros. Traces of it stay in the write-ahead log until
    /// `emptyWriteAheadLog`, and in the file until `writeAnew`.
    package mutating func overwriteDeleted() throws(SQLiteError) { try execute("PRAGMA secure_delete = ON") }

    /// Writes the whole database anew: "running VACUUM will clean all traces of deleted content"
    /// (https://sqlite.org/lang_vacuum.html).
    ///
    /// `secure_delete` is not enough for that: when SQLite moves rows between pages, copies stay in parts of pages that
    /// are not in use, and nobody overwrites them when the row is deleted (with 3.40, after one deletion in a hundred).
    package mutating func writeAnew() throws(SQLiteError) { try execute("VACUUM") }

    /// Moves the whole write-ahead log into the database and empties its file, so that no page stays in it as it was.
    /// - Returns: Whether it could: somebody who is reading holds it up. That is waited for only shortly, since a backup
    ///   reads for minutes.
    package mutating func emptyWriteAheadLog() throws(SQLiteError) -> Bool {
        // One row: whether it was blocked, and two counts.
        let row = try waiting(atMost: 500) { connection throws(SQLiteError) in
            try connection.first("PRAGMA wal_checkpoint(TRUNCATE)")
        }
        return row?.integer(0) == 0
    }
}
