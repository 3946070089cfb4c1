import SQLite
import TestSupport
import Testing

@Suite("The command migrate, and databases that serve refuses")
struct MigrateProcessTests {
    private let directory: TemporaryDirectory
    private let database: String

    init() throws {
        directory = try TemporaryDirectory()
        database = directory.file("users.sqlite")
    }

    private func migrate(_ options: String...) async throws -> Subprocess.Output {
        try await Subprocess.run(["migrate", "--database", database] + options)
    }

    @Test("A database in memory can be migrated too")
    func inMemory() async throws {
        let output = try await Subprocess.run(["migrate", "--database", ":memory:"])
        #expect(output.status == .exited(0) && output.standardError.isEmpty && output.lines.count > 3)
    }

    @Test("Each migration is printed once, and a dry run changes nothing")
    func prints() async throws {
        let names = ["V0001_users", "V0002_customer_sync", "V0003_users_triggers"]
        let dry = try await migrate("--dry-run")
        #expect(Array(dry.lines.prefix(3)) == names.map { "pending \($0)" })
        #expect(throws: SQLiteError.self) { _ = try Connection(path: database, readOnly: true) }
        let first = try await migrate()
        #expect(first.lines.count == dry.lines.count && Array(first.lines.prefix(3)) == names.map { "applied \($0)" })
        #expect(try await migrate().lines == [])
        #expect(try await migrate("--dry-run").lines == [])
    }

    @Test("What of the users table will fail is told on stderr in the words of check, and is no fault")
    func concerns() async throws {
        var connection = try Connection(path: database)
        try connection.script("CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, tenant TEXT NOT NULL)")
        for option in [["--dry-run"], []] {
            let output = try await Subprocess.run(["migrate", "--database", database] + option)
            #expect(output.status == .exited(0))
            #expect(output.standardError.contains("users: registerUser can't add users: it knows no value for tenant"))
        }
    }

    @Test("Six processes at once apply each migration once")
    func concurrently() async throws {
        let outputs = try await withThrowingTaskGroup(of: Subprocess.Output.self) { group in
            for _ in 1...6 { group.addTask { try await migrate() } }
            return try await group.reduce(into: [Subprocess.Output]()) { $0.append($1) }
        }
        #expect(outputs.allSatisfy { $0.status == .exited(0) })
        let applied = outputs.flatMap(\.lines).filter { $0.hasPrefix("applied ") }
        #expect(Set(applied).count == applied.count && applied.count >= 3)
    }

    @Test("A database of a newer version is refused with 78 and says what to do")
    func newer() async throws {
        _ = try await migrate()
        try change("INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, 'V9999_future', '0')")
        for command in ["migrate", "serve"] {
            let output = try await Subprocess.run([command, "--sandbox", "--database", database])
            #expect(output.status == .exited(78))
            #expect(output.standardError.contains("use a newer stripe-customers"))
            #expect(output.lines.isEmpty)
        }
    }

    @Test("A database belongs to the account and mode of the first key")
    func binding() async throws {
        let test = ["STRIPE_API_KEY": "sk_test_1"]
        #expect(try await Subprocess.run(["--database", database], environment: test).status == .exited(0))
        let live = try await Subprocess.run(["--database", database], environment: ["STRIPE_API_KEY": "sk_live_1"])
        #expect(live.status == .exited(78))
        #expect(live.standardError.contains("belongs to test mode; the key given is for live mode"))
        #expect(live.standardError.contains("take the key of that account and mode"), "\(live.standardError)")
        #expect(!live.standardError.contains("sk_live_1"))
        let sandbox = try await Subprocess.run(["--database", database, "--sandbox"])
        #expect(sandbox.status == .exited(78))
        for command in ["serve", "sync", "check"] {
            let told = try await Subprocess.run([command, "--database", database, "--sandbox"])
            let printed = told.lines.joined() + told.standardError
            #expect(printed.contains("belongs to test mode; this start is for the sandbox"), "\(printed)")
            #expect(printed.contains("leave --sandbox out, or name a database of its own"), "\(printed)")
        }
        let other = try await Subprocess.run(["--database", database, "--account", "acct_1"], environment: test)
        #expect(other.status == .exited(78))
        let rotated = try await Subprocess.run(["--database", database], environment: ["STRIPE_API_KEY": "rk_test_2"])
        #expect(rotated.status == .exited(0))
    }

    @Test("A database keeps the name of its application; another is refused by every command, and nothing is changed")
    func application() async throws {
        let unnamed = try await migrate()
        #expect(unnamed.status == .exited(0))
        let named = try await Subprocess.run(["--database", database, "--sandbox", "--app", "shop"])
        #expect(named.status == .exited(0))
        #expect(named.standardError.contains(#""event":"app.named","app":"shop""#))
        for command in [["serve"], ["mcp"], ["sync"], ["reconcile"], ["migrate"], ["migrate", "--dry-run"]] {
            let sandbox = command[0] == "migrate" ? [] : ["--sandbox"]
            let other = try await Subprocess.run(command + ["--database", database, "--app", "forum"] + sandbox)
            #expect(other.status == .exited(78), "\(command)")
            #expect(
                other.standardError.contains("belongs to the application shop, not to forum: leave --app out"),
                "\(other.standardError)")
            #expect(other.standardError.split(separator: "\n").count == 1)
            let same = try await Subprocess.run(command + ["--database", database] + sandbox)
            #expect(same.status == .exited(0), "\(command): \(same.standardError)")
            #expect(!same.standardError.contains("app.named"))
        }
        let check = try await Subprocess.run(["check", "--sandbox", "--database", database, "--app", "forum"])
        #expect(check.status == .exited(78))
        #expect(check.lines.joined().contains("belongs to the application shop, not to forum"))
        let fresh = directory.file("fresh.sqlite")
        #expect(try await Subprocess.run(["migrate", "--database", fresh, "--app", "shop"]).status == .exited(0))
        #expect(try await Subprocess.run(["migrate", "--database", fresh, "--app", "forum"]).status == .exited(78))
    }

    @Test("A key that tells its account binds the database to it, and leaves room for another key of the account")
    func accountOfKey() async throws {
        func key(_ prefix: String, account: String, secret: Character) -> [String: String] {
            ["STRIPE_API_KEY": prefix + "5" + account + String(repeating: secret, count: 82)]
        }
        let first = key("sk_test_", account: "1HqLyjWDarjtT1zd", secret: "a")
        #expect(try await Subprocess.run(["--database", database], environment: first).status == .exited(0))
        let rotated = key("rk_test_", account: "1HqLyjWDarjtT1zd", secret: "b")
        #expect(try await Subprocess.run(["--database", database], environment: rotated).status == .exited(0))
        let other = try await Subprocess.run(
            ["--database", database], environment: key("sk_test_", account: "1KbCdEfGhIjKlMnO", secret: "c"))
        #expect(other.status == .exited(78))
        #expect(other.standardError.contains("the account acct_1HqLyjWDarjtT1zd; the key given is for acct_1KbCdEfGh"))
        #expect(!other.standardError.contains("cccc"))
    }

    @Test("A users table without an email is refused with what it needs, and stays as it is")
    func unfit() async throws {
        try change("CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT); INSERT INTO users VALUES (1, 'ada')")
        let output = try await migrate()
        #expect(output.status == .exited(78))
        #expect(
            output.standardError.contains("it has no column email; it needs id (unique; text or integer) and email"))
        var connection = try Connection(path: database, readOnly: true)
        #expect(
            try connection.query("SELECT name FROM pragma_table_info('users')").map { $0.text(0) } == ["id", "login"])
    }

    @Test("What is no database is refused with 74")
    func noDatabase() async throws {
        let output = try await Subprocess.run(["migrate", "--database", "/dev/null/users.sqlite"])
        #expect(output.status == .exited(74))
        #expect(output.standardError.split(separator: "\n").count == 1)
    }

    private func change(_ sql: String) throws {
        var connection = try Connection(path: database)
        try connection.script(sql)
    }
}
