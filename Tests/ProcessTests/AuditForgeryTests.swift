import Foundation
import JSON
import SQLite
import TestSupport
import Testing

/// What somebody can do who may write the database or the files beside it, and how it shows.
@Suite("Forgeries of the audit log")
struct AuditForgeryTests {
    private let directory: TemporaryDirectory
    private let database: String
    private var anchorFile: String { database + ".audit-anchor" }

    init() throws {
        directory = try TemporaryDirectory()
        database = directory.file("test.sqlite")
    }

    private func host(_ environment: [String: String] = [:]) throws -> Host {
        try Host(["--sandbox", "--database", database], environment: environment)
    }

    /// Each of them has two events.
    private func register(_ names: String..., environment: [String: String] = [:]) async throws {
        let host = try host(environment)
        for name in names {
            _ = try await host.call("registerUser", ["userId": .string(name), "email": .string("\(name)@example.com")])
        }
        try await host.end()
    }

    private func execute(_ statements: String...) throws {
        var connection = try Connection(path: database, busyTimeout: 10_000)
        for statement in statements { try connection.execute(statement) }
    }

    private func cut(after sequence: Int) throws {
        try execute(
            "DROP TRIGGER audit_events_no_delete", "DELETE FROM audit_events WHERE sequence > \(sequence)")
    }

    private let environmentKey = ["STRIPE_CUSTOMERS_AUDIT_KEY": String(repeating: "k", count: 32)]

    // MARK: Traces that were removed

    @Test(
        "A log whose events and key are gone is not begun anew, whatever became of its anchor",
        arguments: ["left", "spoiled", "gone"])
    func keyAndEventsGone(anchor: String) async throws {
        try await register("ada")
        try cut(after: 0)
        unlink(database + ".audit-key")
        switch anchor {
        case "spoiled": try "{}".write(to: anchorFile)
        case "gone": unlink(anchorFile)
        default: break
        }
        let before = contents(of: anchorFile)
        let output = try await Subprocess.run(["--sandbox", "--database", database])
        #expect(output.status == .exited(78))
        #expect(output.standardError.contains("test.sqlite.audit-key") && output.standardError.contains("put it back"))
        #expect(contents(of: anchorFile) == before)
        #expect(access(database + ".audit-key", F_OK) != 0)
    }

    @Test("A first start that was cut off between anchor and key is begun again")
    func cutOffBeginning() async throws {
        let other = directory.file("other.sqlite")
        try await Host(["--sandbox", "--database", other]).end()
        // The anchor of a log without events, under a key that never reached the disk.
        try String(decoding: contents(of: other + ".audit-anchor"), as: UTF8.self).write(to: anchorFile)
        try await register("ada")
        #expect(try await host().call("verifyAuditLog") == ["valid": true, "events": 2])
    }

    @Test("Under a key from the environment, a log whose events and anchor are gone is not taken for a new one")
    func anchorAndEventsGone() async throws {
        try await register("ada", environment: environmentKey)
        try cut(after: 0)
        unlink(anchorFile)
        for _ in 1...2 {
            let host = try host(environmentKey)
            let verdict = try await host.call("verifyAuditLog")
            #expect(verdict["valid"] == false && verdict["fault"] == "anchor_missing")
            try await host.end()
        }
    }
}
