import Dispatch
import SQLite
import Synchronization
import Testing

@Suite("A transaction")
struct TransactionTests {
    private enum Failure: SQLiteErrorConvertible {
        case database(SQLiteError), ours
        init(_ error: SQLiteError) { self = .database(error) }
    }

    private func numbers(_ connection: inout Connection) throws -> [Int64?] {
        try connection.query("SELECT a FROM t ORDER BY a").map { $0.integer(0) }
    }

    // `#expect` can't look into a value that isn't copyable.
    private func expectNoTransaction(_ connection: borrowing Connection) {
        let isInTransaction = connection.isInTransaction
        #expect(!isInTransaction)
    }

    @Test("What it did stays when it returns")
    func commit() throws {
        var connection = try Connection(path: ":memory:")
        try connection.execute("CREATE TABLE t (a)")
        let result = try connection.transaction { connection in
            try connection.execute("INSERT INTO t VALUES (1)")
            return connection.changes
        }
        #expect(result == 1)
        expectNoTransaction(connection)
        #expect(try numbers(&connection) == [1])
    }

    @Test(
        "What it did is undone when it throws, whatever it throws", arguments: [TransactionKind.immediate, .deferred])
    func rollback(kind: TransactionKind) throws {
        var connection = try Connection(path: ":memory:")
        try connection.execute("CREATE TABLE t (a)")
        #expect(throws: SQLiteError.self) {
            try connection.transaction(kind) { connection in
                try connection.execute("INSERT INTO t VALUES (1)")
                try connection.execute("no SQL")
            }
        }
        #expect(throws: Failure.self) {
            try connection.transaction(kind) { connection throws(Failure) in
                do throws(SQLiteError) {
                    try connection.execute("INSERT INTO t VALUES (1)")
                } catch { throw Failure(error) }
                throw .ours
            }
        }
        expectNoTransaction(connection)
        #expect(try numbers(&connection).isEmpty)
    }

    @Test("A commit that the database refuses leaves nothing behind")
    func failedCommit() throws {
        var connection = try Connection(path: ":memory:")
        try connection.script(
            "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (a REFERENCES p DEFERRABLE INITIALLY DEFERRED)")
        let error = try #require(throws: SQLiteError.self) {
            try connection.transaction { connection in try connection.execute("INSERT INTO t VALUES (1)") }
        }
        #expect(error.isConstraint)
        expectNoTransaction(connection)
        #expect(try numbers(&connection).isEmpty)
    }

    @Test("A transaction inside a transaction is refused, and the outer one is undone")
    func nestedTransaction() throws {
        var connection = try Connection(path: ":memory:")
        try connection.execute("CREATE TABLE t (a)")
        #expect(throws: SQLiteError.self) {
            try connection.transaction { connection in
                try connection.execute("INSERT INTO t VALUES (1)")
                try connection.transaction { _ in }
            }
        }
        expectNoTransaction(connection)
        #expect(try numbers(&connection).isEmpty)
    }

    @Test("A savepoint that throws undoes its own work only, at every depth")
    func savepoints() throws {
        var connection = try Connection(path: ":memory:")
        try connection.execute("CREATE TABLE t (a)")
        try connection.transaction { connection in
            try connection.execute("INSERT INTO t VALUES (1)")
            try connection.savepoint { connection in
                try connection.execute("INSERT INTO t VALUES (2)")
                try? connection.savepoint { connection throws(Failure) in
                    do throws(SQLiteError) {
                        try connection.execute("INSERT INTO t VALUES (3)")
                    } catch { throw Failure(error) }
                    throw .ours
                }
            }
        }
        #expect(try numbers(&connection) == [1, 2])
        try connection.savepoint { connection in try connection.execute("INSERT INTO t VALUES (4)") }
        expectNoTransaction(connection)
    }

    @Test("Of two writers the second one is told busy after its timeout, and can go on later")
    func busy() throws {
        let database = try TemporaryDatabase()
        var first = try Connection(path: database.path, busyTimeout: 20)
        try first.execute("PRAGMA journal_mode = WAL")
        try first.execute("CREATE TABLE t (a)")
        var second = try Connection(path: database.path, busyTimeout: 20)
        try first.transaction { first in
            try first.execute("INSERT INTO t VALUES (1)")
            do {
                try second.transaction { second in try second.execute("INSERT INTO t VALUES (2)") }
                Issue.record("two writers at once")
            } catch let error as SQLiteError { #expect(error.isBusy) }
            // A reader sees the last committed state without waiting.
            #expect((try? second.first("SELECT count(*) FROM t")?.integer(0)) == 0)
        }
        try second.transaction { second in try second.execute("INSERT INTO t VALUES (2)") }
        #expect(try numbers(&first) == [1, 2])
    }

    @Test("A shared connection under a Mutex is used by many threads")
    func shared() throws {
        let connection = Mutex(try Connection(path: ":memory:"))
        try connection.withLock { connection throws(SQLiteError) in try connection.execute("CREATE TABLE t (a)") }
        DispatchQueue.concurrentPerform(iterations: 100) { number in
            connection.withLock { connection in
                try? connection.transaction { connection in
                    try connection.execute("INSERT INTO t VALUES (?)", [.init(number)])
                }
            }
        }
        let count = try connection.withLock { connection throws(SQLiteError) in
            try connection.first("SELECT count(*) FROM t")?.integer(0)
        }
        #expect(count == 100)
    }
}
