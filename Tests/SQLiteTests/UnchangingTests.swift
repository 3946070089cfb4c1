import Foundation
import SQLite
import Testing

@Suite("Looking into a database without changing it")
struct UnchangingTests {
    private let database: TemporaryDatabase

    init() throws { database = try TemporaryDatabase() }

    private func files() throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: database.folder) {
            files[name] = try Data(contentsOf: URL(filePath: database.folder + "/" + name))
        }
        return files
    }

    private func count(_ path: String) throws -> Int64? {
        var connection = try Connection(unchanging: path)
        return try connection.first("SELECT count(*) FROM t")?.integer(0)
    }

    private func fill(_ path: String, _ mode: String) throws {
        var connection = try Connection(path: path)
        try connection.script("PRAGMA journal_mode = \(mode); CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)")
    }

    @Test("In either mode of the journal, under any name", arguments: ["DELETE", "WAL", "TRUNCATE"])
    func closed(mode: String) throws {
        for name in ["test.sqlite", "file:x?mode=memory", "a b#c%41.db", "ü\u{1}&immutable=0"] {
            let path = database.folder + "/" + name
            try fill(path, mode)
            let before = try files()
            #expect(try count(path) == 2)
            #expect(try files() == before, "\(name)")
        }
    }

    @Test("Beside others who write, what they have committed is seen")
    func inUse() throws {
        try fill(database.path, "WAL")
        let link = database.folder + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: database.path)
        var writer = try Connection(path: database.path)
        try writer.execute("INSERT INTO t VALUES (3)")
        #expect(try count(database.path) == 3)
        #expect(try count(link) == 3)
        try writer.execute("INSERT INTO t VALUES (4)")
        #expect(try count(database.path) == 4)
    }

    @Test("What a killed process left in the log is seen, and stays there")
    func leftBehind() throws {
        try fill(database.path, "WAL")
        var writer = try Connection(path: database.path)
        try writer.execute("INSERT INTO t VALUES (3)")
        // As a kill leaves them: the three files, and nobody who has them open.
        let copy = database.folder + "/copy"
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        for suffix in ["", "-wal", "-shm"] {
            try FileManager.default.copyItem(atPath: database.path + suffix, toPath: copy + "/test.sqlite" + suffix)
        }
        let names = ["", "-wal", "-shm"].map { copy + "/test.sqlite" + $0 }
        let before = try names.map { try Data(contentsOf: URL(filePath: $0)) }
        #expect(try count(copy + "/test.sqlite") == 3)
        #expect(try names.map { try Data(contentsOf: URL(filePath: $0)) } == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: copy).count == 3)
    }

    @Test("Nothing is written through it, and nothing is made")
    func readOnly() throws {
        #expect(throws: SQLiteError.self) { try count(database.path) }
        #expect(try files() == [:])
        try fill(database.path, "WAL")
        var connection = try Connection(unchanging: database.path)
        #expect(throws: SQLiteError.self) { try connection.execute("INSERT INTO t VALUES (9)") }
    }
}
