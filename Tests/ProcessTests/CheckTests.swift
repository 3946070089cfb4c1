import Foundation
import JSON
import SQLite
import Synchronization
import TestSupport
import Testing

@testable import stripe_customers

/// `stripe-customers check`, against a Stripe on this machine that answers by script.
@Suite("check, before work begins")
struct CheckTests {
    private let directory: TemporaryDirectory
    private let stripe: ReadStripe

    init() throws {
        directory = try TemporaryDirectory()
        stripe = try ReadStripe()
    }

    private var database: String { directory.file("app.sqlite") }

    private func check(
        _ arguments: [String] = [], environment: [String: String] = [:]
    ) async throws -> (status: Subprocess.ExitStatus, findings: [String: JSONValue], output: Subprocess.Output) {
        let output = try await Subprocess.run(
            ["check", "--database", database, "--api-base", stripe.url] + arguments,
            environment: ["STRIPE_API_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"].merging(environment) { $1 }
        )
        #expect(output.lines.count == 1, "\(output.lines) \(output.standardError)")
        let report = try JSONValue(parsing: Array((output.lines.first ?? "").utf8))
        #expect(report["ok"]?.bool == (output.status == .exited(0)))
        #expect(report["version"]?.string == version)
        var findings: [String: JSONValue] = [:]
        for each in report["checks"]?.array ?? [] {
            findings[each["name"]?.string ?? ""] = each
            let needsStep = each["state"] == "failed" || each["state"] == "warning"
            #expect((each["next"] != nil) == needsStep, "a cause needs a next step: \(each)")
        }
        #expect(!output.lines.joined().contains("sk_test_1") && !output.lines.joined().contains("whsec_1"))
        return (output.status, findings, output)
    }

    private func failed(_ findings: [String: JSONValue]) -> Set<String> {
        Set(findings.filter { $0.value["state"] == "failed" }.keys)
    }

    /// A database with users, as a process leaves it.
    private func migrate(_ arguments: [String] = []) async throws {
        let run = try await Subprocess.run(["migrate", "--database", database] + arguments)
        #expect(run.status == .exited(0))
    }

    private func sql(_ text: String) throws {
        var connection = try Connection(path: database)
        try connection.script(text)
    }

    /// Every file of the directory, byte by byte.
    private func files() throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
            files[name] = try Data(contentsOf: URL(filePath: directory.file(name)))
        }
        return files
    }

    // MARK: - All is well

    @Test("Where all is well it says so, reads only, and changes no byte")
    func well() async throws {
        try await migrate()
        try sql("INSERT INTO users (id, email) VALUES ('u1', 'ada@example.com'), ('u2', 'bob@example.com')")
        let before = try files()
        let (status, findings, output) = try await check()
        #expect(status == .exited(0), "\(output.lines) \(output.standardError)")
        #expect(
            Set(findings.keys) == ["key", "stripe", "account", "rights", "clock", "database", "users", "webhook"])
        #expect(findings.allSatisfy { $0.value["state"] == "ok" }, "\(findings)")
        #expect(findings["key"]?["mode"] == "test" && findings["account"]?["account"] == "acct_own")
        #expect(findings["users"]?["count"] == 2)
        #expect(try files() == before)
        #expect(stripe.requests.allSatisfy { $0.method == "GET" } && !stripe.requests.isEmpty)
    }

    @Test(
        "A database that is not there yet is no fault, and is not made; a sandbox is looked at without a key or a file")
    func nothingThere() async throws {
        let (status, findings, _) = try await check()
        #expect(status == .exited(0) && findings["database"]?["state"] == "ok")
        let sandbox = try await check(["--sandbox"], environment: ["STRIPE_API_KEY": "", "STRIPE_WEBHOOK_SECRET": ""])
        #expect(sandbox.status == .exited(0) && failed(sandbox.findings) == [])
        #expect(sandbox.findings["key"]?["mode"] == "sandbox" && sandbox.findings["webhook"]?["state"] == "skipped")
        #expect(try files() == [:])
    }

    @Test("Beside a process that serves, and after one that was killed, it reads what is there and changes no byte")
    func inUse() async throws {
        let host = try Host(["--sandbox", "--database", database])
        _ = try await host.call("registerUser", ["userId": "u1", "email": "ada@example.com"])
        // Nothing is written while nothing is asked for: only the leases are, every other second.
        let beside = try await check(["--sandbox"])
        #expect(failed(beside.findings) == [] && beside.findings["users"]?["count"] == 1, "\(beside.findings)")
        host.process.kill(9)
        _ = try await host.process.wait()
        let before = try files()
        #expect(before["app.sqlite-wal"] != nil && before["app.sqlite-shm"] != nil)
        let after = try await check(["--sandbox"])
        #expect(failed(after.findings) == [] && after.findings["users"]?["count"] == 1, "\(after.findings)")
        #expect(try files() == before)
    }

    // MARK: - The key and Stripe

    @Test(
        "A key that is none is told with what to do, and what needs one is left out",
        arguments: [
            ("", "no Stripe key", "set STRIPE_API_KEY"), ("\"sk_test_1\"", "quotation marks", "leave them out"),
            ("pk_test_1", "publishable", "sk_"), ("sk_org_1", "--context", "the account itself"),
            ("whsec_1", "webhook secret", "STRIPE_WEBHOOK_SECRET"),
        ])
    func keys(key: String, cause: String, next: String) async throws {
        let (status, findings, _) = try await check(environment: ["STRIPE_API_KEY": key])
        #expect(status == .exited(78) && failed(findings) == ["key"])
        #expect(findings["key"]?["message"]?.string?.contains(cause) == true, "\(findings)")
        #expect(findings["key"]?["next"]?.string?.contains(next) == true, "\(findings)")
        for name in ["stripe", "account", "rights", "clock"] { #expect(findings[name]?["state"] == "skipped") }
        #expect(stripe.requests.isEmpty)
    }

    @Test("A key that Stripe does not accept is the key's fault alone")
    func revoked() async throws {
        stripe.answer { _ in .error(401, nil) }
        let (status, findings, _) = try await check()
        #expect(status == .exited(78) && failed(findings) == ["key"])
        #expect(findings["key"]?["message"]?.string?.contains("does not accept the key") == true)
        #expect(findings["clock"]?["state"] == "ok", "any answer tells the time")
    }

    @Test(
        "A right that a restricted key lacks is named",
        arguments: [
            ("/v1/subscriptions", "rak_subscription_read"), ("/v1/invoices", "rak_invoice_read"),
            ("/v1/events", "rak_event_read"), ("/v1/customers/search", "rak_customer_read"),
            ("/v1/customers", "rak_customer_read"),
        ])
    func rights(path: String, permission: String) async throws {
        stripe.answer { request in request.path == path ? .error(403, "Having the '\(permission)' permission") : nil }
        let (status, findings, _) = try await check(environment: ["STRIPE_API_KEY": "rk_test_1"])
        #expect(status == .exited(78) && failed(findings) == ["rights"], "\(findings)")
        #expect(findings["rights"]?["missing"] == [.string(permission)], "\(findings)")
        #expect(findings["rights"]?["message"]?.string?.contains(permission) == true)
        #expect(findings["key"]?["isRestricted"] == true)
    }

    @Test("Where the account has no search that is said and no fault")
    func noSearch() async throws {
        stripe.answer { request in request.path == "/v1/customers/search" ? .error(400, "Search is not available") : nil
        }
        let (status, findings, _) = try await check()
        #expect(status == .exited(0))
        #expect(findings["rights"]?["message"]?.string?.contains("search of customers is not offered") == true)
    }

    @Test("Where nothing can be read that is a fault, whatever the refusal", arguments: [400, 402])
    func nothingReadable(status: Int) async throws {
        stripe.answer { _ in .error(status, "No.") }
        let (exit, findings, _) = try await check()
        #expect(exit == .exited(78) && failed(findings) == ["rights"], "\(findings)")
        let message = findings["rights"]?["message"]?.string ?? ""
        #expect(message.contains("nothing can be read") && message.contains("\(status)"), "\(message)")
        stripe.answer { request in request.path == "/v1/invoices" ? .error(status, "No.") : nil }
        let one = try await check().findings["rights"]?["message"]?.string ?? ""
        #expect(one.contains("no invoices can be read") && !one.contains("not offered"), "\(one)")
    }

    @Test(
        "A wrong --account is told apart from a right that is missing; a right one is asked for",
        arguments: ["account_invalid", nil])
    func account(code: String?) async throws {
        stripe.answer { request in
            guard request.path == "/v1/customers" else { return nil }
            return switch request.headers["stripe-account"] {
            case "acct_other": .error(403, "The key does not have access to account 'acct_other'", code: code)
            case "acct_poor": .error(403, "Having the 'rak_customer_read' permission would allow this")
            default: nil
            }
        }
        #expect(failed(try await check(["--account", "acct_poor"]).findings) == ["rights"])
        let wrong = try await check(["--account", "acct_other"])
        #expect(wrong.status == .exited(78) && failed(wrong.findings) == ["account"], "\(wrong.findings)")
        #expect(wrong.findings["account"]?["message"]?.string?.contains("no access to acct_other") == true)
        #expect(wrong.findings["rights"]?["state"] == "skipped")
        let right = try await check(["--account", "acct_1"])
        #expect(right.status == .exited(0) && right.findings["account"]?["account"] == "acct_1")
        #expect(stripe.requests.last?.headers["stripe-account"] == "acct_1")
    }

    @Test("--api-base that ends in /v1, nobody there, and somebody else there each have words of their own")
    func wrongBase() async throws {
        stripe.answer { request in
            request.path.hasPrefix("/v1/v1") ? .error(404, "Unrecognized request URL") : nil
        }
        let doubled = try await check(["--api-base", stripe.url + "/v1"])
        #expect(doubled.status == .exited(78) && failed(doubled.findings) == ["stripe"])
        #expect(doubled.findings["stripe"]?["next"]?.string?.contains("/v1") == true)
        stripe.answer { _ in .page }
        let other = try await check()
        #expect(failed(other.findings) == ["stripe"])
        #expect(
            other.findings["stripe"]?["message"]?.string?.contains("not as Stripe does") == true, "\(other.findings)")
        stripe.refuse()
        let nobody = try await check()
        #expect(failed(nobody.findings) == ["stripe"] && nobody.findings["clock"]?["state"] == "skipped")
        #expect(nobody.findings["stripe"]?["message"]?.string?.contains("can't be reached") == true)
        #expect(nobody.findings["stripe"]?["next"]?.string?.contains("firewall") == true)
        #expect(nobody.findings["stripe"]?["next"]?.string?.contains("proxy") == false, "none is used on the loopback")
        let nowhere = try await check(["--api-base", "https://stripe.test"])
        #expect(failed(nowhere.findings) == ["stripe"])
        #expect(nowhere.findings["stripe"]?["next"]?.string?.contains("DNS") == true, "\(nowhere.findings)")
        let proxied = try await check(
            ["--api-base", "https://stripe.test"], environment: ["https_proxy": "http://127.0.0.1:1"])
        #expect(proxied.findings["stripe"]?["next"]?.string?.contains("https_proxy to a proxy") == true)
    }

    @Test("A file of --ca-file that can't serve is the way's fault")
    func authorities() async throws {
        let (status, findings, _) = try await check(["--ca-file", directory.file("none.pem")])
        #expect(status == .exited(78) && failed(findings) == ["stripe"])
    }

    // MARK: - The clock

    @Test("A clock more than five minutes off is told, with the direction", arguments: [-900, -240, 0, 240, 900])
    func clock(seconds: Int) async throws {
        stripe.setClock(ahead: seconds)
        let (status, findings, _) = try await check()
        let isFar = abs(seconds) > 300
        #expect(status == .exited(isFar ? 78 : 0) && failed(findings) == (isFar ? ["clock"] : []), "\(findings)")
        if isFar {
            let message = findings["clock"]?["message"]?.string ?? ""
            #expect(
                message.contains(seconds > 0 ? "behind" : "ahead of") && message.contains("15 minutes"), "\(message)")
        }
    }

    @Test(
        "The time of day in words for its direction and size",
        arguments: [
            (0, "as Stripe's"), (-4_000, "as Stripe's"), (60_000, "within 60 seconds"), (301_000, "5 minutes behind"),
            (-301_000, "5 minutes ahead of"), (86_400_000, "24 hours behind"), (.min, "ahead of"), (.max, "behind"),
        ] as [(Int64, String)])
    func clockWords(offset: Int64, words: String) {
        #expect(ClockCheck.look(offset: offset).message.contains(words))
    }

    // MARK: - The database and its users

    @Test(
        "A database that can't serve is told with what to do, and stays as it is",
        arguments: [
            ("CREATE TABLE users (id TEXT PRIMARY KEY)", "users", "no column email"),
            ("CREATE VIEW users AS SELECT 1 AS id, 2 AS email", "users", "it is a view, and"),
            ("CREATE TABLE settings (a)", "database", "settings"),
            ("CREATE TABLE schema_migrations (version)", "database", "schema_migrations"),
        ])
    func unfit(schema: String, name: String, words: String) async throws {
        try sql(schema)
        let before = try files()
        let (status, findings, _) = try await check()
        #expect(status == .exited(78) && failed(findings) == [name], "\(findings)")
        #expect(findings[name]?["message"]?.string?.contains(words) == true, "\(findings)")
        #expect(try files() == before)
    }

    @Test("A host's own database without our tables is looked at as it is, in either mode of its journal")
    func hostsOwn() async throws {
        for mode in ["DELETE", "WAL"] {
            try? FileManager.default.removeItem(atPath: database)
            try sql(
                """
                PRAGMA journal_mode = \(mode); CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
                INSERT INTO users (email) VALUES ('ada@example.com')
                """)
            let before = try files()
            let (status, findings, _) = try await check()
            #expect(status == .exited(0), "\(findings)")
            #expect(findings["users"]?["count"] == 1 && (findings["database"]?["pending"]?.int64 ?? 0) > 5)
            #expect(try files() == before)
        }
    }

    @Test(
        "A rule or a row of the users table for which calls will fail is a warning with what to do, and nothing personal",
        arguments: [
            (
                "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password TEXT NOT NULL, at TEXT NOT NULL DEFAULT 'now')",
                "no value for password,", "ensureCustomerExists"
            ),
            (
                "CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT); INSERT INTO users VALUES ('', NULL), (x'0001', NULL)",
                "2 rows (rowid 1, 2) have an id that is empty or bytes", "an id of its own"
            ),
            (
                """
                CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT);
                INSERT INTO users VALUES ('u1', 'Ada@Example.com'), ('u2', 'ada@example.com'), ('u3', 'bob@example.com')
                """, "1 address is that of several users, in another case or the same (such as the users u1, u2)",
                "merge"
            ),
            (
                """
                CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT);
                INSERT INTO users VALUES ('u1', 'ada'), ('u2', '@x'), ('u3', 'a b@x'), ('u4', 'a@'), ('u5', 'a@b@c'), ('u6', ''),
                    ('u7', 'a' || char(10) || '@x.com'), ('u8', 'ok@x'), ('u9', NULL)
                """, "5 rows (rowid 1, 2, 3, 4, 7) have an email that is no address Stripe takes", "NULL"
            ),
            (
                """
                CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, stripe_metadata TEXT) WITHOUT ROWID;
                INSERT INTO users VALUES ('u1', NULL, '[1]'), ('u2', NULL, '{"a": 1}'), ('u3', NULL, 'x'), ('u4', NULL, '{"a": "1"}'),
                    ('u5', NULL, ''), ('u6', NULL, '{}')
                """, "3 rows have a stripe_metadata that is no JSON object of texts", "{\"plan\": \"pro\"}"
            ),
        ])
    func concerns(schema: String, cause: String, next: String) async throws {
        try sql(schema)
        chmod(database, 0o600)
        let before = try files()
        let (status, findings, output) = try await check()
        #expect(status == .exited(0) && findings["users"]?["state"] == "warning", "\(findings)")
        #expect(findings["users"]?["message"]?.string?.contains(cause) == true, "\(findings)")
        #expect(findings["users"]?["next"]?.string?.contains(next) == true, "\(findings)")
        #expect(!output.lines.joined().contains("xample.com"))
        #expect(try files() == before)
    }

    @Test("Rows without an id are a fault that names them")
    func rowsWithoutID() async throws {
        try sql(
            """
            CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT);
            INSERT INTO users VALUES ('u1', NULL), (NULL, 'ada@example.com'), (NULL, NULL)
            """)
        let (status, findings, _) = try await check()
        #expect(status == .exited(78) && failed(findings) == ["users"])
        #expect(
            findings["users"]?["message"]?.string?.contains("2 rows (rowid 2, 3) have no id") == true, "\(findings)")
    }

    @Test("A file that others can read is a warning with the command that closes it")
    func openFiles() async throws {
        try await migrate()
        chmod(database, 0o644)
        let (status, findings, _) = try await check()
        #expect(status == .exited(0) && findings["files"]?["state"] == "warning")
        #expect(findings["files"]?["next"]?.string == "chmod 600 \(database)", "\(findings)")
        chmod(database, 0o600)
        #expect(try await check().findings["files"] == nil)
    }

    @Test("What is no database, a directory, a missing directory and a lost audit key are told")
    func unreadable() async throws {
        try Data("no database, but long enough to be looked into by SQLite, which wants a header".utf8).write(
            to: URL(filePath: database))
        #expect(failed(try await check().findings) == ["database"])
        for path in [directory.path, directory.file("none/app.sqlite")] {
            let (status, findings, _) = try await check(["--database", path])
            #expect(status == .exited(78) && failed(findings) == ["database"], "\(findings)")
        }
        try FileManager.default.removeItem(atPath: database)
        _ = try await Subprocess.run(
            ["--sandbox", "--database", database],
            input: request(1, "registerUser", #"{"userId":"u1","email":"ada@example.com"}"#))
        try FileManager.default.removeItem(atPath: database + ".audit-key")
        let (_, findings, _) = try await check(["--sandbox"])
        #expect(failed(findings) == ["database"])
        #expect(findings["database"]?["message"]?.string?.contains("audit-key") == true)
    }

    @Test("A database of another mode or account, or of a newer version, is told before anything is begun")
    func otherDatabase() async throws {
        _ = try await Subprocess.run(["--sandbox", "--database", database], input: request(1, "ping"))
        let bound = try await check()
        #expect(failed(bound.findings) == ["database"], "\(bound.findings)")
        #expect(bound.findings["database"]?["message"]?.string?.contains("belongs to the sandbox") == true)
        #expect(failed(try await check(["--sandbox"]).findings) == [])
        try sql("INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, 'later', 'x')")
        let newer = try await check(["--sandbox"])
        #expect(failed(newer.findings) == ["database"])
        #expect(newer.findings["database"]?["message"]?.string?.contains("9999") == true)
    }

    // MARK: - The rest

    @Test("A webhook secret and a policy that can't serve are told")
    func secretAndPolicy() async throws {
        let (status, findings, _) = try await check(
            ["--policy", directory.file("none.json")], environment: ["STRIPE_WEBHOOK_SECRET": "whsec_1,'whsec_2'"])
        #expect(status == .exited(78) && failed(findings) == ["webhook", "policy"])
        let polling = try await check(["--poll-interval", "30"], environment: ["STRIPE_WEBHOOK_SECRET": ""])
        #expect(polling.status == .exited(0) && polling.findings["webhook"]?["state"] == "skipped")
    }
}

/// A Stripe that only reads, and answers by script where one is given.
private final class ReadStripe: Sendable {
    enum Answer {
        case error(Int, String?, code: String? = nil)
        case page
    }

    typealias Script = @Sendable (ReceivedRequest) -> Answer?

    private final class State: Sendable {
        let script = Mutex<Script>({ _ in nil })
        let ahead = Mutex(0)
    }

    private let state: State
    private let server: LoopbackServer

    var url: String { server.url }
    var requests: [ReceivedRequest] { server.requests }

    init() throws {
        let state = State()
        self.state = state
        server = try LoopbackServer { request in
            let headers = [
                "Content-Type": "application/json", "Request-Id": "req_1",
                "Date": httpDate(ahead: state.ahead.withLock { $0 }),
            ]
            switch state.script.withLock({ $0 })(request) {
            case .error(let status, let message, let code)?:
                var error: JSONObject = ["type": "invalid_request_error"]
                error["message"] = message.map { .string($0) }
                error["code"] = code.map { .string($0) }
                let body = JSONValue.object(["error": .object(error)]).serialized()
                return .respond(status: status, headers: headers, body: body)
            case .page?: return .text("<html>", status: 200, headers: ["Content-Type": "text/html"])
            case nil: break
            }
            let body: String
            switch request.path {
            case "/v1/account":
                body = #"{"id": "\#(request.headers["stripe-account"] ?? "acct_own")", "object": "account"}"#
            case "/v1/customers/search": body = #"{"object": "search_result", "data": [], "has_more": false}"#
            default: body = #"{"object": "list", "data": [], "has_more": false}"#
            }
            return .respond(status: 200, headers: headers, body: Array(body.utf8))
        }
    }

    func answer(_ script: @escaping Script) { state.script.withLock { $0 = script } }
    func setClock(ahead seconds: Int) { state.ahead.withLock { $0 = seconds } }
    func refuse() { server.stop() }
}

private func httpDate(ahead seconds: Int) -> String {
    var time = time_t(Date().timeIntervalSince1970) + seconds
    var parts = tm()
    gmtime_r(&time, &parts)
    var buffer = [CChar](repeating: 0, count: 64)
    let count = strftime(&buffer, buffer.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
