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

    @Test("Where every trace was removed, an end that the host kept tells")
    func everyTraceGone() async throws {
        try await register("ada")
        let kept = try JSONValue(parsing: contents(of: anchorFile))
        try cut(after: 0)
        try execute("DELETE FROM settings", "DELETE FROM create_intents", "DELETE FROM synced_profiles")
        unlink(anchorFile)
        unlink(database + ".audit-key")
        let host = try host()
        #expect(try await host.call("verifyAuditLog") == ["valid": true, "events": 0])
        let anchor: JSONValue = ["sequence": kept["sequence"] ?? .null, "hash": kept["hash"] ?? .null]
        #expect(try await host.call("verifyAuditLog", ["anchor": anchor])["fault"] == "anchor")
    }

    // MARK: The anchor

    /// As if the process had been killed before it could write the newest anchor.
    private func leaveAnchorBehind() async throws {
        try await register("ada")
        let old = String(decoding: contents(of: anchorFile), as: UTF8.self)
        try await register("bob")
        try old.write(to: anchorFile)
    }

    @Test("A start moves an anchor that a killed process left behind, so a tail that is cut later shows")
    func behindAtStart() async throws {
        try await leaveAnchorBehind()
        let next = try host()
        _ = try await next.call("ping")
        next.process.kill(SIGKILL)
        _ = try await next.process.wait()
        try cut(after: 2)
        let verdict = try await host().call("verifyAuditLog")
        #expect(verdict["fault"] == "anchor" && verdict["firstBroken"] == 3)
    }

    @Test("Verifying moves an anchor that another process left behind")
    func behindAtVerification() async throws {
        try await register("ada")
        let old = String(decoding: contents(of: anchorFile), as: UTF8.self)
        let host = try host()
        _ = try await host.call("registerUser", ["userId": "bob", "email": "bob@example.com"])
        #expect(try await host.call("verifyAuditLog")["valid"] == true)
        let newest = contents(of: anchorFile)
        try old.write(to: anchorFile)
        #expect(try await host.call("verifyAuditLog")["valid"] == true)
        #expect(contents(of: anchorFile) == newest)
        host.process.kill(SIGKILL)
    }

    @Test("The anchor is not moved over an event that does not fit")
    func brokenTail() async throws {
        try await leaveAnchorBehind()
        let old = contents(of: anchorFile)
        try execute(
            "DROP TRIGGER audit_events_no_update", "UPDATE audit_events SET outcome = 'denied' WHERE sequence = 3")
        let host = try host()
        #expect(try await host.call("verifyAuditLog")["firstBroken"] == 3)
        _ = try await host.call("registerUser", ["userId": "cleo", "email": "cleo@example.com"])
        try await host.end()
        #expect(contents(of: anchorFile) == old)
    }

    // MARK: Triggers and indexes

    @Test("A trigger that keeps events out fails the change itself, and is named")
    func silenced() async throws {
        try await register("ada")
        try execute(
            """
            CREATE TRIGGER zz BEFORE INSERT ON audit_events WHEN new.user_id = 'ada'
            BEGIN SELECT RAISE(IGNORE); END
            """)
        let host = try host()
        #expect(try await host.failure("updateUser", ["userId": "ada", "name": "Hidden"]) == "storage_unavailable")
        #expect(try await host.call("getUser", ["userId": "ada"])["name"] == .null)
        let verdict = try await host.call("verifyAuditLog")
        #expect(verdict == ["valid": false, "events": 2, "fault": "schema", "foreign": ["zz"]])
        // At its end the process waits for its log for a fifth of a second only.
        try await until("the line of the log") {
            host.process.standardError.contains(#""event":"audit.broken","fault":"schema","foreign":["zz"]"#)
        }
        try await host.end()
    }

    @Test(
        "What is not ours on the log's table is named",
        arguments: [
            "CREATE TRIGGER zz AFTER INSERT ON audit_events BEGIN SELECT 1; END",
            "CREATE INDEX zz ON audit_events (outcome)",
        ])
    func foreign(statement: String) async throws {
        try await register("ada")
        try execute(statement)
        let verdict = try await host().call("verifyAuditLog")
        #expect(verdict["fault"] == "schema" && verdict["foreign"] == ["zz"])
    }

    /// SQLite of this process and of the tests refuses to write the schema; Python's doesn't.
    private func asPython(_ statements: String) async throws {
        let script = """
            import sqlite3, sys
            connection = sqlite3.connect(sys.argv[1])
            connection.executescript(sys.argv[2])
            connection.commit()
            """
        let output = try await Subprocess.run(["python3", "-c", script, database, statements], binary: "/usr/bin/env")
        #expect(output.status == .exited(0), "\(output.standardError)")
    }

    @Test("An index that leaves out a user's events, under the name and text of ours, is found")
    func hollowIndex() async throws {
        try await register("ada", "bob")
        try await asPython(
            """
            CREATE TABLE kept AS SELECT sql FROM sqlite_schema WHERE name = 'audit_events_user';
            DROP INDEX audit_events_user;
            CREATE INDEX audit_events_user ON audit_events (user_id) WHERE user_id IS NOT NULL AND user_id <> 'ada';
            PRAGMA writable_schema = ON;
            UPDATE sqlite_schema SET sql = (SELECT sql FROM kept) WHERE name = 'audit_events_user';
            PRAGMA writable_schema = RESET;
            DROP TABLE kept;
            """)
        let host = try host()
        #expect(try await host.call("listAuditEvents", ["userId": "ada"])["data"] == [])
        let verdict = try await host.call("verifyAuditLog")
        #expect(verdict == ["valid": false, "events": 4, "firstBroken": 1, "fault": "index"])
    }

    @Test("An event before the first is found", arguments: ["0", "-1", "-9223372036854775808"])
    func beforeTheFirst(sequence: String) async throws {
        try await register("ada")
        try execute(
            "DROP TRIGGER audit_events_next_only", "PRAGMA ignore_check_constraints = 1",
            """
            INSERT INTO audit_events SELECT \(sequence), at, actor_id, actor_role, 'forged', user_id, customer_id,
                outcome, details, NULL, hash FROM audit_events WHERE sequence = 1
            """)
        let verdict = try await host().call("verifyAuditLog")
        #expect(verdict["valid"] == false && verdict["fault"] == "event" && verdict["firstBroken"] == 1)
    }

    @Test("A last event of the greatest number there is ends no process")
    func greatestNumber() async throws {
        try await register("ada")
        try execute(
            "DROP TRIGGER audit_events_next_only",
            """
            INSERT INTO audit_events SELECT 9223372036854775807, at, actor_id, actor_role, 'forged', user_id,
                customer_id, outcome, details, NULL, hash FROM audit_events WHERE sequence = 1
            """)
        let host = try host()
        #expect(try await host.failure("updateUser", ["userId": "ada", "name": "Ada"]) == "storage_unavailable")
        #expect(try await host.call("verifyAuditLog")["firstBroken"] == 3)
    }

    // MARK: Notes of changes under way

    @Test("A note that nobody of this key wrote becomes no event of the actor that it names")
    func forgedNote() async throws {
        try await register("ada")
        for _ in 1...2 {
            try execute(
                """
                INSERT INTO changes_under_way (owner, actor_id, actor_role, method, user_id, customer_id, details)
                VALUES ('nobody', 'boss', 'admin', 'deleteCustomer', 'ada', 'cus_1', '{"email":"ada@example.com"}')
                """)
        }
        let host = try host()
        let events = try #require(try await host.call("listAuditEvents")["data"]?.array)
        #expect(events.count == 3)
        #expect(events.last?["actor"] == ["id": "system", "role": "system"])
        #expect(events.last?["method"] == "background" && events.last?["outcome"] == "unknown")
        #expect(events.last?["details"] == ["change": "note.rejected", "count": 2])
        #expect(events.last?["userId"] == .null && events.last?["customerId"] == .null)
        #expect(try await host.call("verifyAuditLog")["valid"] == true)
    }

    // MARK: One event a change

    @Test("What was answered from what is there already is no second creation in the log")
    func repeatedCreation() async throws {
        let host = try host()
        let call: JSONValue = ["email": "ada@example.com", "_meta": ["idempotencyKey": "key-1"]]
        let made = try await host.call("createCustomer", call)
        for params in [call, ["email": "Ada@example.com", "onDuplicateEmail": "return"]] {
            #expect(try await host.call("createCustomer", params)["id"] == made["id"])
        }
        let events = try #require(try await host.call("listAuditEvents")["data"]?.array)
        #expect(events.map { $0["outcome"] } == ["ok"])
        var connection = try Connection(path: database, busyTimeout: 10_000)
        #expect(try connection.query("SELECT 1 FROM changes_under_way").isEmpty)
    }
}
