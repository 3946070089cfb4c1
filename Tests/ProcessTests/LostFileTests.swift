import Cryptography
import Foundation
import JSON
import SQLite
import TestSupport
import Testing

@Suite("A database that is taken away, or not to be touched")
struct LostFileTests {
    private let directory: TemporaryDirectory
    private let database: String

    init() throws {
        directory = try TemporaryDirectory()
        database = directory.file("test.sqlite")
    }

    // MARK: Under a running process

    enum Loss: String, CaseIterable, Sendable { case deleted, moved, replaced }

    private func lose(_ loss: Loss) throws {
        let files = FileManager.default
        switch loss {
        case .deleted: for suffix in ["", "-wal", "-shm"] { try? files.removeItem(atPath: database + suffix) }
        case .moved: try files.moveItem(atPath: database, toPath: database + ".old")
        case .replaced:
            try files.copyItem(atPath: database, toPath: database + ".copy")
            try files.removeItem(atPath: database)
            try files.moveItem(atPath: database + ".copy", toPath: database)
        }
    }

    @Test("Nothing is acknowledged any more, neither read nor written", arguments: Loss.allCases)
    func lost(loss: Loss) async throws {
        let host = try Host(["--sandbox", "--database", database])
        _ = try await host.call("registerUser", ["userId": "u1", "email": "ada@example.com"])
        try lose(loss)
        #expect(
            try await host.failure("registerUser", ["userId": "u2", "email": "bob@example.com"])
                == "storage_unavailable")
        #expect(try await host.failure("getUser", ["userId": "u1"]) == "storage_unavailable")
        #expect(try await host.failure("health") == "storage_unavailable")
        #expect(try await host.call("ping") == [:])
        host.process.closeInput()
        #expect(try await host.process.wait() == .exited(0))
    }

    @Test("What is put back is used again")
    func putBack() async throws {
        let host = try Host(["--sandbox", "--database", database])
        _ = try await host.call("registerUser", ["userId": "u1", "email": "ada@example.com"])
        try lose(.moved)
        #expect(try await host.failure("getUser", ["userId": "u1"]) == "storage_unavailable")
        try FileManager.default.moveItem(atPath: database + ".old", toPath: database)
        #expect(try await host.call("getUser", ["userId": "u1"])["id"] == "u1")
        try await host.end()
    }

    // MARK: By a start that is refused

    enum Refusal: String, CaseIterable, Sendable {
        case newer, changedMigration, takenName, unfitUsers, otherAccount, noAuditKey, otherAuditKey, usersView

        /// What the host, or another version, has done to a file that the service has never seen, or has made.
        var script: String {
            switch self {
            case .newer: "INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, 'V9999', 'x')"
            case .changedMigration: "UPDATE schema_migrations SET checksum = 'x' WHERE version = 2"
            case .takenName:
                "CREATE TABLE users (id TEXT NOT NULL PRIMARY KEY, email TEXT); CREATE TABLE settings (a, b)"
            case .unfitUsers: "CREATE TABLE users (id REAL PRIMARY KEY, email TEXT)"
            case .usersView: "CREATE VIEW users AS SELECT 1 AS id, 'a@example.com' AS email"
            case .otherAccount: "UPDATE settings SET value = 'live mode' WHERE name = 'account'"
            case .noAuditKey, .otherAuditKey: "SELECT 1"
            }
        }

        var isHostsOwn: Bool { [.takenName, .unfitUsers, .usersView].contains(self) }
    }

    @Test("The file stays byte for byte as it was", arguments: Refusal.allCases, ["serve", "sync", "migrate"])
    func refused(refusal: Refusal, command: String) async throws {
        if !refusal.isHostsOwn {
            let host = try Host(["--sandbox", "--database", database])
            _ = try await host.call("registerUser", ["userId": "u1", "email": "ada@example.com"])
            try await host.end()
        }
        // As a host has it that knows nothing of a write-ahead log.
        var connection = try Connection(path: database, busyTimeout: 10_000)
        try connection.script(refusal.script)
        try connection.execute("PRAGMA journal_mode = DELETE")
        let key = database + ".audit-key"
        if refusal == .noAuditKey { try FileManager.default.removeItem(atPath: key) }
        if refusal == .otherAuditKey {
            try String(repeating: "ab", count: 32).write(to: key)
            try? FileManager.default.removeItem(atPath: database + ".audit-anchor")
        }
        let isMigration = command == "migrate"
        if isMigration, [.otherAccount, .noAuditKey, .otherAuditKey].contains(refusal) { return }
        let before = SHA256.hash(contents(of: database))
        let output = try await Subprocess.run(
            [command] + (isMigration ? [] : ["--sandbox"]) + ["--database", database])
        #expect(output.status == .exited(78), "\(output.standardError)")
        #expect(SHA256.hash(contents(of: database)) == before)
        #expect(try connection.query("PRAGMA journal_mode").first?.text(0) == "delete")
        #expect(!FileManager.default.fileExists(atPath: database + "-wal"))
    }
}
