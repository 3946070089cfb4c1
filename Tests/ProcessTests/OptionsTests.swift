import Glibc
import JSON
import SQLite
import TestSupport
import Testing

@testable import stripe_customers

@Suite("Options and exit codes")
struct OptionsTests {
    private func parse(_ arguments: [String], environment: [String: String] = [:]) throws(StartFailure) -> Options {
        try OptionParser(environment: environment).parse(arguments)
    }

    @Test("Without arguments it serves, with the defaults of the table")
    func defaults() throws {
        let options = try parse([])
        #expect(options == Options())
        #expect(options.command == .serve)
        #expect(options.database == "stripe-customers.sqlite" && options.maxInFlight == 64)
    }

    @Test("A value follows its option or an equals sign")
    func values() throws {
        #expect(try parse(["--app", "shop-2"]).app == "shop-2")
        let expected = try parse(["serve", "--database", "a=b", "--max-in-flight", "3", "--sandbox"])
        #expect(try parse(["--sandbox", "--database=a=b", "serve", "--max-in-flight=3"]) == expected)
        #expect(expected.database == "a=b" && expected.maxInFlight == 3 && expected.sandbox)
    }

    @Test("The environment names the database, and the option goes before it")
    func environment() throws {
        let environment = ["STRIPE_CUSTOMERS_DATABASE": "from-environment"]
        #expect(try parse([], environment: environment).database == "from-environment")
        #expect(try parse(["--database", "x"], environment: environment).database == "x")
    }

    @Test(
        "Commands are told apart",
        arguments: [
            (["migrate"], .migrate(dryRun: false)), (["sync", "--dry-run"], .sync(dryRun: true)),
            (["reconcile", "--fix"], .reconcile(fix: true)), (["migrate", "--dry-run"], .migrate(dryRun: true)),
            (["describe"], .describe), (["--help"], .help), (["-h", "--version"], .help), (["--version"], .version),
            (["help", "sync"], .help), (["sync", "help"], .help), (["version"], .version), (["-V"], .version),
        ] as [([String], Options.Command)])
    func commands(arguments: [String], command: Options.Command) throws {
        #expect(try parse(arguments).command == command)
    }

    @Test(
        "What is wrong is told in one line, with what was probably meant",
        arguments: [
            (["--databse", "x"], "unknown option --databse, did you mean --database?"),
            (["--databse=x"], "unknown option --databse, did you mean --database?"),
            (["--api-key", "sk_live_secret"], "unknown option --api-key, did you mean --api-key-file?"),
            (["sync", "users.sqlite"], "sync takes no such word; a file is given with --database PATH"),
            (["hlep"], "did you mean help?"), (["--hlep"], "did you mean --help?"),
            (["srve"], "unknown command srve, did you mean serve?"),
            (["xyzzy-plugh"], "unknown command xyzzy-plugh"),
            (["sk_live_secret"], "unknown command"),
            (["--database"], "--database needs a value"),
            (["--database="], "--database needs a value"),
            (["--sandbox=yes"], "--sandbox takes no value"), (["--help=sync"], "--help takes no value"),
            (["--max-in-flight", "0"], "whole number from 1 to"),
            (["--max-in-flight", "+4"], "whole number from 1 to"),
            (["--rate-limit", "-1"], "whole number from 0 to"),
            (["--poll-interval", "30s"], "from 1 to 86400 (seconds)"), (["--keep-keys", "2w"], "(days)"),
            (["--database", "sk_live_secret"], "looks like a key, not a path: put the key into a file"),
            (["--database", "postgres://app:secret@db/app"], "takes the path of an SQLite file, not a URL"),
            (["--log-level", "loud"], "error, warning, info, debug"),
            (["--account", "cus_1"], "acct_"),
            (["--app", "Shop"], "a name of 1 to 40 of the characters a-z, 0-9 and -"),
            (["--app", String(repeating: "a", count: 41)], "1 to 40"), (["--app", "sh\u{F6}p"], "a-z"),
            (["--deterministic"], "--deterministic needs --sandbox"),
            (["serve", "migrate"], "only one command"),
            (["describe", "--dry-run"], "--dry-run belongs to migrate"),
            (["--allow-destructive"], "--allow-destructive belongs to mcp"),
            (["--stripe-wins", "city"], "email,name,phone"), (["--fix"], "--fix belongs to reconcile"),
        ])
    func mistakes(arguments: [String], message: String) {
        let failure = #expect(throws: StartFailure.self) { try parse(arguments) }
        #expect(failure?.code == .usage)
        #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
        #expect(failure?.message.contains("secret") == false)
    }

    @Test(
        "The key goes only to an https endpoint or to this machine",
        arguments: [
            ("https://api.stripe.com", true), ("https://example.com:8443/base/", true),
            ("http://127.0.0.1:12111", true),
            ("http://127.8.9.1", true), ("http://localhost:1/", true), ("http://[::1]:80", true),
            ("http://example.com", false), ("http://localhost.example.com", false),
            ("http://localhost@example.com", false),
            ("http://127.0.0.1.example.com", false), ("http://127.1", false), ("https://", false),
            ("https://:80", false),
            ("ftp://localhost", false), ("https://example.com?x=1", false), ("http://[::2]", false),
            ("http://localhost:99999", false), ("http://localhost:0", false), ("http://127.0.0.01", false),
            ("https://exa mple.com", false),
        ])
    func endpoints(url: String, isAccepted: Bool) {
        #expect(((try? parse(["--api-base", url])) != nil) == isAccepted)
    }

    @Test("Usage is 64, configuration 78, and each prints one line on stderr")
    func exitCodes() async throws {
        let usage = try await Subprocess.run(["--databse"])
        #expect(usage.status == .exited(64))
        #expect(usage.standardError.split(separator: "\n").count == 1)
        #expect(usage.lines.isEmpty)
        let directory = try TemporaryDirectory()
        let noKey = try await Subprocess.run([], currentDirectory: directory.path)
        #expect(noKey.status == .exited(78))
        #expect(noKey.standardError.contains("STRIPE_API_KEY"))
        #expect(noKey.standardError.split(separator: "\n").count == 1)
    }

    @Test("What is quoted on stderr, a path say, neither breaks the line nor steers the terminal")
    func quoted() async throws {
        let run = try await Subprocess.run(["--sandbox", "--database", ":memory:", "--policy", "/a\nb\u{1B}c\u{9B}d"])
        #expect(run.status == .exited(78))
        #expect(run.standardError.contains(#"/a\u000ab\u001bc\u009bd"#))
        #expect(run.standardError.split(separator: "\n").count == 1)
    }

    @Test("The file of an option may be a pipe, of which no more is waited for than is needed")
    func pipes() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        let file = SmallFile(option: "--policy", path: path, bytesMax: 100)
        // Opened for reading too, so that it is open before anybody reads.
        let writer = open(path, O_RDWR)
        let line = Array("key\nmore".utf8)
        #expect(write(writer, line, line.count) == line.count)
        #expect(try file.read(until: UInt8(ascii: "\n")) == line)
        #expect(write(writer, line, line.count) == line.count)
        async let contents = onThread { Result { () throws(StartFailure) in try file.read() } }
        // With the last who has it open goes what nobody has read yet.
        try await until("the reader") {
            var unread: Int32 = 0
            return ioctl(writer, UInt(FIONREAD), &unread) == 0 && unread == 0
        }
        close(writer)
        #expect(try await contents.get() == line)
    }

    @Test("A pipe into which nobody writes, and a file without end, are refused and not waited for")
    func endless() async throws {
        let directory = try TemporaryDirectory()
        #expect(mkfifo(directory.file("pipe"), 0o600) == 0)
        let reasons = await onThread {
            [directory.file("pipe"), "/dev/zero", directory.path].map { path in
                var file = SmallFile(option: "--policy", path: path, bytesMax: 100)
                file.patience = .seconds(1)
                do throws(StartFailure) { return "\(try file.read().count)" } catch { return error.message }
            }
        }
        #expect(reasons[0].hasSuffix("nobody has written it to its end in 1 seconds"))
        #expect(reasons[1].hasSuffix("it is larger than 100 bytes"))
        #expect(reasons[2].hasSuffix("Is a directory"))
    }

    @Test("Keys of a host's are forgotten after as many days as it says, and by the process itself")
    func keepKeys() async throws {
        for days in ["0", "3651", "-1", "1.5", "month", ""] {
            #expect(try await Subprocess.run(["--keep-keys", days]).status == .exited(64), "\(days)")
        }
        let directory = try TemporaryDirectory()
        let database = directory.file("test.sqlite")
        let arguments = ["--sandbox", "--database", database]
        let registration: JSONValue = ["email": "ada@example.com", "_meta": ["idempotencyKey": "K"]]
        let first = try Host(arguments)
        _ = try await first.call("registerUser", registration)
        try await first.end()
        let days = { (count: Int) -> Int in
            var connection = try Connection(path: database, busyTimeout: 10_000)
            try connection.script("UPDATE idempotent_calls SET created_at = created_at - \(count) * 86400000")
            return try connection.query("SELECT 1 FROM idempotent_calls").count
        }
        #expect(try days(8) == 1)
        let week = try Host(arguments + ["--keep-keys", "10"])
        #expect(try await week.call("registerUser", registration)["user"]?["email"] == "ada@example.com")
        try await week.end()
        #expect(try days(3) == 1)
        let later = try Host(arguments + ["--keep-keys", "10"])
        try await until("the key is forgotten") { try days(0) == 0 }
        #expect(try await later.failure("registerUser", registration) == "user_already_exists")
        try await later.end()
    }

    @Test("Version, help and the interface are printed on stdout")
    func prints() async throws {
        #expect(try await Subprocess.run(["--version"]).lines == ["stripe-customers 0.1.0"])
        let help = try await Subprocess.run(["--help"]).lines
        #expect(help.count <= 40 && help.allSatisfy { $0.count <= 80 })
        let described = try await Subprocess.run(["describe"])
        #expect(described.lines.first?.hasPrefix(#"{"openrpc":"#) == true)
        #expect(described.status == .exited(0))
    }
}
