import HTTP
import JSON
import SQLite
import Synchronization
import TestSupport
import Testing

/// What a person sees, on a pseudo-terminal of 80 columns that util-linux's `script` makes.
@Suite("On a terminal")
struct TerminalTests {
    private static let escape: Character = "\u{1B}"
    private let directory: TemporaryDirectory
    private let sandbox: [String]

    init() throws {
        directory = try TemporaryDirectory()
        sandbox = ["--sandbox", "--database", directory.file("test.sqlite")]
    }

    /// What the terminal got, both descriptors mixed as they came.
    private func onTerminal(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], status: Int32 = 0
    ) async throws -> String {
        let command = ([Subprocess.binary] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let output = try await Subprocess.run(
            ["-qefc", "stty cols 80 -echo; exec \(command)", "/dev/null"], input: input,
            environment: ["TERM": "xterm-256color", "SHELL": "/bin/sh"].merging(environment) { $1 },
            binary: "/usr/bin/script")
        #expect(output.status == .exited(status))
        // A terminal's line end is CRLF, which Swift takes for one character.
        return output.lines.map { $0.hasSuffix("\r") ? String($0.dropLast()) : $0 }.joined(separator: "\n")
    }

    /// What stands there in the end: what was written over is gone, and colours take no room.
    private func visible(_ text: String) -> [String] {
        text.split(separator: "\n").map { line in
            let last = line.split(separator: "\r").last ?? ""
            return String(last).replacing(/\u{1B}\[[0-9]*[mK]/, with: "").trimmingSpaces
        }
    }

    private func addUsers(_ count: Int) async throws {
        _ = try await Subprocess.run(["migrate"] + sandbox)
        for number in 1...count {
            try change("INSERT INTO users (id, email) VALUES ('u\(number)', 'u\(number)@example.com')")
        }
    }

    private func change(_ sql: String) throws {
        var connection = try Connection(path: directory.file("test.sqlite"))
        try connection.script(sql)
    }

    @Test("migrate says what it did and what that means, in colour unless the person wants none")
    func migrate() async throws {
        let dry = try await onTerminal(["migrate", "--dry-run"] + sandbox)
        #expect(dry.contains("\u{1B}[33mpending\u{1B}[0m V0001_users\n"))
        #expect(dry.hasSuffix("run migrate without --dry-run"))
        let applied = try await onTerminal(["migrate"] + sandbox, environment: ["NO_COLOR": "1"])
        #expect(applied.hasPrefix("applied V0001_users\n") && !applied.contains(Self.escape))
        #expect(try await onTerminal(["migrate"] + sandbox).hasSuffix("is up to date"))
    }

    @Test("sync shows a bar in one line and then the counts; a dumb terminal gets plain lines")
    func sync() async throws {
        try await addUsers(150)
        try change("UPDATE users SET email = 'no address' WHERE id = 'u7'")
        let dry = try await onTerminal(["sync", "--dry-run"] + sandbox, status: 1)
        #expect(dry.contains("\r[####################----------] 100 of 150 users\u{1B}[K\r["))
        // What Stripe is known to refuse is foreseen.
        #expect(
            visible(dry) == [
                "[##############################] 150 of 150 users, 1 failed",
                "u7  Stripe will refuse email: past its limits, or no address", "150 users: 149 to create, 1 failed",
            ])
        let done = visible(try await onTerminal(["sync"] + sandbox, status: 1))
        #expect(done.first == "[##############################] 150 of 150 users, 1 failed")
        #expect(done.dropFirst().first?.hasPrefix("u7  Stripe refuses email, and has the rest:") == true)
        #expect(done.last == "150 users: 149 created, 1 failed")
        try change("DELETE FROM users WHERE id = 'u7'")
        let dumb = try await onTerminal(["sync"] + sandbox, environment: ["TERM": "dumb"])
        #expect(dumb.hasSuffix("149 of 149 users\n149 users: 149 in line"))
        #expect(!dumb.contains(Self.escape) && !dumb.contains("\r"))
    }

    @Test("reconcile shows a table, what to do, and the counts, each within the width")
    func reconcile() async throws {
        try await addUsers(3)
        _ = try await Subprocess.run(["sync"] + sandbox)
        try change("UPDATE users SET name = 'Ada' WHERE id = 'u1'")
        try change("UPDATE users SET stripe_customer_id = NULL WHERE id = 'u2'")
        try change("INSERT INTO users (id, email) VALUES ('user_of_a_long_id', 'new@example.com')")
        _ = try await Subprocess.run(
            sandbox, input: request(1, "createCustomer", #"{"email":"orphan@example.com"}"#))
        try change("UPDATE users SET name = 'Grace' WHERE id = 'u3'")
        let found = try await onTerminal(["reconcile"] + sandbox, status: 1)
        let lines = visible(found)
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
        #expect(lines.contains("reconcile --fix repairs what is safe"))
        #expect(lines.contains { $0.wholeMatch(of: /orphan +- +cus_[0-9a-f]+/) != nil }, "\(lines)")
        #expect(lines.contains { $0.hasPrefix("orphan: no user has it: linkCustomer, or archiveCustomer") })
        // The columns stand below one another.
        let rows = lines.filter { $0.contains("cus_") && !$0.contains(":") }
        #expect(Set(rows.compactMap { $0.firstRange(of: "cus_")?.lowerBound.utf16Offset(in: $0) }).count == 1)
        let fixed = visible(try await onTerminal(["reconcile", "--fix"] + sandbox, status: 1))
        #expect(fixed.last?.hasSuffix("repaired") == true)
        #expect(!fixed.contains("reconcile --fix repairs what is safe"))
    }

    @Test("An id that somebody wrote into the table does not steer the terminal")
    func hostileID() async throws {
        try await addUsers(1)
        try change("INSERT INTO users (id, email) VALUES ('a' || char(27) || '[2J' || char(155) || 'b', 'no address')")
        for command in ["reconcile", "sync"] {
            let shown = try await onTerminal([command] + sandbox, environment: ["NO_COLOR": "1"], status: 1)
            #expect(shown.contains(#"a\u001b[2J\u009bb"#))
            #expect(!shown.contains("\u{1B}[2J") && !shown.contains("\u{9B}"))
        }
    }

    @Test("Where a task fails, the reason stands in a line of its own below the bar")
    func failure() async throws {
        let stripe = try FaultyStripe()
        for number in 1...101 { try await stripe.direct(.post, "/v1/customers", "email=c\(number)%40example.com") }
        let lists = Atomic(0)
        stripe.script { request in
            guard request.route == .list else { return nil }
            return lists.add(1, ordering: .relaxed).oldValue == 0 ? nil : .saved500
        }
        let arguments = ["--database", directory.file("other.sqlite"), "--api-base", stripe.url]
        _ = try await Subprocess.run(["migrate"] + arguments)
        let output = try await onTerminal(
            ["reconcile"] + arguments, environment: ["STRIPE_API_KEY": "sk_test_1"], status: 74)
        let lines = visible(output)
        #expect(lines.first == "100 customers, 0 users")
        #expect(lines.dropFirst().first?.hasPrefix("stripe-customers: ") == true)
    }

    @Test("check shows a line for each thing, what to do below what failed, all within the width, and a verdict")
    func check() async throws {
        let well = try await onTerminal(["check"] + sandbox, environment: ["NO_COLOR": "1"])
        #expect(
            well.hasPrefix("ok       key       the sandbox needs none\n") && well.hasSuffix("\nall is well"), "\(well)")
        #expect(visible(well).allSatisfy { $0.count <= 80 }, "\(well)")
        let output = try await onTerminal(
            ["check", "--database", directory.file("test.sqlite")],
            environment: ["STRIPE_API_KEY": "'sk_test_1'", "STRIPE_WEBHOOK_SECRET": "sk_test_1"], status: 78)
        #expect(
            output.contains(
                "\u{1B}[31mfailed   \u{1B}[0mkey       the Stripe key in STRIPE_API_KEY has quotation marks"))
        let lines = visible(output)
        #expect(lines.contains("                   → leave them out") && lines.last == "2 of 8 failed", "\(lines)")
        #expect(lines.allSatisfy { $0.count <= 80 } && !output.contains("sk_test_1"), "\(lines)")
        // Each thing begins in a line of its own.
        let names = lines.filter { !$0.hasPrefix(" ") }.dropLast().map { $0.split(separator: " ").dropFirst().first }
        #expect(names == ["key", "stripe", "account", "rights", "clock", "database", "users", "webhook"])
    }

    @Test("A person who starts a session is told in one line what is expected", arguments: ["serve", "mcp"])
    func invitation(command: String) async throws {
        let ping = request(1, "ping")
        let all = visible(
            try await onTerminal([command, "--log-level", "error"] + sandbox, input: ping + "\n"))
        // What comes before `stty` has run is echoed.
        let shown = all.filter { $0 != ping }
        #expect(shown.count == 2)
        #expect(shown.first?.hasPrefix("stripe-customers: ") == true && (shown.first?.count ?? 99) <= 80)
        #expect(shown.last == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
    }
}

extension String {
    fileprivate var trimmingSpaces: String { String(reversed().drop { $0 == " " }.reversed()) }
}
