internal import CSQLite

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
}
