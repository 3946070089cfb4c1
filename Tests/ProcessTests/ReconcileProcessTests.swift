import JSON
import SQLite
import TestSupport
import Testing

@Suite("The commands sync and reconcile, and polling")
struct ReconcileProcessTests {
    private let directory: TemporaryDirectory
    private let arguments: [String]

    init() throws {
        directory = try TemporaryDirectory()
        arguments = ["--sandbox", "--database", directory.file("test.sqlite")]
    }

    private func sql(_ statement: String, sandbox: Bool = false) throws -> [Row] {
        var connection = try Connection(path: directory.file("test.sqlite") + (sandbox ? ".sandbox" : ""))
        return try connection.query(statement)
    }

    private func addUsers(_ count: Int) async throws {
        _ = try await Subprocess.run(["migrate"] + arguments)
        for number in 0..<count {
            _ = try sql("INSERT INTO users (id, email) VALUES ('u\(number)', 'u\(number)@example.com')")
        }
    }

    @Test("sync brings all users in line, says how far it is on stderr and what it did on stdout")
    func sync() async throws {
        try await addUsers(150)
        let foreseen = try await Subprocess.run(["sync", "--dry-run"] + arguments)
        #expect(foreseen.status == .exited(0))
        #expect(try JSONValue(parsing: Array(foreseen.lines[0].utf8))["created"]?.int64 == 150)
        #expect(try sql("SELECT 1 FROM users WHERE stripe_customer_id IS NOT NULL").isEmpty)
        let done = try await Subprocess.run(["sync"] + arguments)
        #expect(done.status == .exited(0))
        #expect(done.lines.count == 1)
        #expect(done.standardError.contains("150 of 150 users"))
        #expect(try JSONValue(parsing: Array(done.lines[0].utf8))["created"]?.int64 == 150)
        let again = try await Subprocess.run(["sync"] + arguments)
        #expect(try JSONValue(parsing: Array(again.lines[0].utf8))["unchanged"]?.int64 == 150)
    }

    @Test("sync exits with 1 when a user fails, and says which and why")
    func failedSync() async throws {
        try await addUsers(3)
        _ = try sql("UPDATE users SET email = 'no address' WHERE id = 'u1'")
        let output = try await Subprocess.run(["sync"] + arguments)
        #expect(output.status == .exited(1))
        let summary = try JSONValue(parsing: Array(output.lines[0].utf8))
        #expect(summary["created"]?.int64 == 2 && summary["failed"]?.int64 == 1)
        #expect(summary["failures"]?.array?.first?["userId"]?.string == "u1")
        #expect(summary["failures"]?.array?.first?["type"]?.string == "stripe_request_rejected")
    }

    @Test("reconcile exits with 1 while something is left, and with 0 when all is in line")
    func reconcile() async throws {
        try await addUsers(3)
        let found = try await Subprocess.run(["reconcile"] + arguments)
        #expect(found.status == .exited(1))
        #expect(try JSONValue(parsing: Array(found.lines[0].utf8))["counts"]?["missing"]?.int64 == 3)
        let fixed = try await Subprocess.run(["reconcile", "--fix"] + arguments)
        #expect(fixed.status == .exited(0))
        #expect(try JSONValue(parsing: Array(fixed.lines[0].utf8))["fixed"]?.int64 == 3)
        let clean = try await Subprocess.run(["reconcile"] + arguments)
        #expect(clean.status == .exited(0))
        #expect(try JSONValue(parsing: Array(clean.lines[0].utf8))["findings"]?.array?.isEmpty == true)
    }

    @Test("A user on whom a process was working when it was killed is waited for, not left out")
    func killedAtWork() async throws {
        try await addUsers(3)
        _ = try sql("INSERT INTO processes (owner, expires_at) VALUES ('killed', 0)")
        _ = try sql("INSERT INTO leases VALUES ('user:u1', 'killed')")
        let found = try await Subprocess.run(["reconcile"] + arguments)
        #expect(try JSONValue(parsing: Array(found.lines[0].utf8))["counts"]?["missing"]?.int64 == 3)
    }

    @Test("A user on whom a living process works and works has no customer all the same")
    func alwaysAtWork() async throws {
        try await addUsers(3)
        _ = try sql("INSERT INTO processes (owner, expires_at) VALUES ('living', 0)")
        _ = try sql("INSERT INTO leases VALUES ('user:u0', 'living'), ('user:u1', 'living')")
        // It lives as long as its beat changes.
        let beating = Task {
            while !Task.isCancelled {
                _ = try sql("UPDATE processes SET beat = beat + 1 WHERE owner = 'living'")
                try await Task.sleep(for: .seconds(1))
            }
        }
        defer { beating.cancel() }
        let found = try await Subprocess.run(["reconcile"] + arguments)
        #expect(try JSONValue(parsing: Array(found.lines[0].utf8))["counts"]?["missing"]?.int64 == 3)
    }

    @Test("With --poll-interval what happens at Stripe comes home, and what happened while nothing ran too")
    func polling() async throws {
        try await addUsers(1)
        let polling = arguments + ["--poll-interval", "1", "--stripe-wins", "name"]
        func edit(_ name: String) -> String {
            let customerId = try? sql("SELECT stripe_customer_id FROM users")[0].text(0)
            return #"{"jsonrpc":"2.0","id":1,"method":"updateCustomer","params":{"customerId":"\#(customerId ?? "")","#
                + #""name":"\#(name)"}}"#
        }
        func name() throws -> String? { try sql("SELECT name FROM users")[0].text(0) }
        let process = try Subprocess(polling)
        try await until("the cursor") { try sql("SELECT 1 FROM settings WHERE name = 'events_cursor'").count == 1 }
        try await until("the customer") { try sql("SELECT stripe_customer_id FROM users")[0].text(0) != nil }
        try await process.write(edit("Ada"))
        try await until("the name") { try name() == "Ada" }
        process.closeInput()
        #expect(try await process.wait() == .exited(0))
        _ = try await Subprocess.run(arguments, input: edit("Grace"))
        #expect(try name() == "Ada")
        let next = try Subprocess(polling)
        try await until("the name") { try name() == "Grace" }
        next.closeInput()
        #expect(try await next.wait() == .exited(0))
    }
}
