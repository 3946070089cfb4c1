import Foundation
import SQLite
import Synchronization
import Testing

@Suite("Opening")
struct OpeningTests {
    @Test("A new database and its WAL files are readable by their owner only")
    func mode() throws {
        let database = try TemporaryDatabase()
        var connection = try Connection(path: database.path)
        try connection.execute("PRAGMA journal_mode = WAL")
        try connection.execute("CREATE TABLE t (a)")
        #expect(try database.mode() == 0o600)
        #expect(try database.mode("-wal") == 0o600)
        #expect(try database.mode("-shm") == 0o600)
    }

    @Test("So is a database that a symbolic link leads to", arguments: [true, false])
    func modeBehindLinks(isRelative: Bool) throws {
        let database = try TemporaryDatabase()
        let (first, second) = (database.path + ".first", database.path + ".second")
        let path = isRelative ? URL(fileURLWithPath: database.path).lastPathComponent : database.path
        try FileManager.default.createSymbolicLink(atPath: second, withDestinationPath: path)
        try FileManager.default.createSymbolicLink(atPath: first, withDestinationPath: second)
        var connection = try Connection(path: first)
        try connection.execute("CREATE TABLE t (a)")
        #expect(try database.mode() == 0o600)
    }

    @Test("A path that looks like a URI is a path")
    func uri() throws {
        let name = "file:\(UUID().uuidString)?mode=memory"
        defer {
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: "./" + name + suffix) }
        }
        var connection = try Connection(path: name)
        try connection.execute("CREATE TABLE t (a)")
        let attributes = try FileManager.default.attributesOfItem(atPath: "./" + name)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try #require(attributes[.size] as? Int) > 0)
    }

    @Test("The mode of an existing file stays as it is")
    func existingMode() throws {
        let database = try TemporaryDatabase()
        #expect(FileManager.default.createFile(atPath: database.path, contents: nil))
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: database.path)
        var connection = try Connection(path: database.path)
        try connection.execute("CREATE TABLE t (a)")
        #expect(try database.mode() == 0o640)
    }

    @Test("A double-quoted text is a name, never a string")
    func doubleQuotedStrings() throws {
        var connection = try Connection(path: ":memory:")
        #expect(throws: SQLiteError.self) { try connection.query(#"SELECT "x""#) }
        #expect(throws: SQLiteError.self) { try connection.execute(#"CREATE TABLE t (a DEFAULT ("x"))"#) }
    }

    @Test("Foreign keys are enforced")
    func foreignKeys() throws {
        var connection = try Connection(path: ":memory:")
        try connection.script("CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a REFERENCES a)")
        let error = try #require(throws: SQLiteError.self) { try connection.execute("INSERT INTO b VALUES (1)") }
        #expect(error.isConstraint)
    }

    @Test("Triggers run, JSON functions in them too")
    func triggers() throws {
        var connection = try Connection(path: ":memory:")
        try connection.script(
            """
            CREATE TABLE user (email TEXT);
            CREATE TABLE outbox (payload TEXT);
            CREATE TRIGGER user_changed AFTER UPDATE ON user BEGIN
              INSERT INTO outbox VALUES (json_object('email', new.email, 'at', unixepoch() > 0));
            END;
            INSERT INTO user VALUES ('a');
            UPDATE user SET email = 'b';
            """)
        #expect(try connection.first("SELECT payload FROM outbox")?.text(0) == #"{"email":"b","at":1}"#)
    }

    @Test("A read-only connection reads and can't write")
    func readOnly() throws {
        let database = try TemporaryDatabase()
        let missing = try #require(throws: SQLiteError.self) { _ = try Connection(path: database.path, readOnly: true) }
        #expect(missing.isCannotOpen)
        var writer = try Connection(path: database.path)
        try writer.script("CREATE TABLE t (a); INSERT INTO t VALUES (7)")
        var reader = try Connection(path: database.path, readOnly: true)
        #expect(try reader.first("SELECT a FROM t")?.integer(0) == 7)
        let refused = try #require(throws: SQLiteError.self) { try reader.execute("DELETE FROM t") }
        #expect(refused.isReadOnly)
    }

    @Test("A file that is no database, and a folder, are refused")
    func noDatabase() throws {
        let database = try TemporaryDatabase()
        try Data(repeating: 65, count: 4096).write(to: URL(fileURLWithPath: database.path))
        var connection = try Connection(path: database.path)
        let error = try #require(throws: SQLiteError.self) { try connection.query("SELECT * FROM sqlite_schema") }
        #expect(error.primaryCode == 26)  // SQLITE_NOTADB
        let folder = try #require(throws: SQLiteError.self) { _ = try Connection(path: database.folder) }
        #expect(folder.isCannotOpen)
    }

    @Test("Many connections switch a new file to a write-ahead log at once")
    func writeAheadLog() throws {
        for _ in 0..<20 {
            let database = try TemporaryDatabase()
            let failures = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 4) { [path = database.path] _ in
                do {
                    var connection = try Connection(path: path)
                    try connection.useWriteAheadLog(synchronous: .full)
                    try connection.execute("CREATE TABLE IF NOT EXISTS t (a)")
                    let mode = try connection.first("PRAGMA journal_mode")?.text(0)
                    let synchronous = try connection.first("PRAGMA synchronous")?.integer(0)
                    if mode != "wal" || synchronous != 2 { failures.withLock { $0.append("wrong mode") } }
                } catch { failures.withLock { $0.append("\(error)") } }
            }
            #expect(failures.withLock { $0 } == [])
        }
        var memory = try Connection(path: ":memory:")
        try memory.useWriteAheadLog(synchronous: .normal)
    }
}
