import JSON
import SQLite
import TestSupport
import Testing

/// The users table is the host's: its own migrations may rebuild it.
@Suite("A users table that the host rebuilds")
struct UsersTableTests {
    private let directory: TemporaryDirectory
    private let database: String

    init() throws {
        directory = try TemporaryDirectory()
        database = directory.file("test.sqlite")
    }

    private func host() throws -> Host {
        try Host(["--sandbox", "--database", database])
    }

    /// As migration tools do: a new table takes the rows and the old one's name.
    private let rebuild = [
        """
        CREATE TABLE _new_users (id TEXT PRIMARY KEY, email TEXT, name TEXT, phone TEXT, stripe_metadata TEXT,
            stripe_customer_id VARCHAR(255), plan TEXT)
        """,
        """
        INSERT INTO _new_users (id, email, name, phone, stripe_metadata, stripe_customer_id)
        SELECT id, email, name, phone, stripe_metadata, stripe_customer_id FROM users
        """,
        "DROP TABLE users",
        "ALTER TABLE _new_users RENAME TO users",
    ]

    private func change(_ statements: [String]) throws {
        var connection = try Connection(path: database, busyTimeout: 10_000)
        for statement in statements { try connection.execute(statement) }
    }

    private func rows(_ sql: String) throws -> [String] {
        var connection = try Connection(path: database, busyTimeout: 10_000)
        return try connection.query(sql).map { $0.text(0) ?? "" }
    }

    private let parts = "SELECT name FROM sqlite_schema WHERE tbl_name = 'users' AND name LIKE 'users%' ORDER BY name"

    @Test("Its triggers and indexes are back at the next start, and what was changed meanwhile reaches Stripe")
    func nextStart() async throws {
        let first = try host()
        let ada = try await first.call(
            "registerUser",
            ["userId": "ada", "email": "ada@example.com", "name": "Ada", "metadata": ["plan": "pro", "a": "ä"]])
        _ = try await first.call("registerUser", ["userId": "bob", "email": "bob@example.com"])
        try await first.end()
        let whole = try rows(parts)

        try change(rebuild)
        #expect(try rows(parts) == ["users"])
        try change([
            "UPDATE users SET name = 'Ada Lovelace' WHERE id = 'ada'",
            "INSERT INTO users (id, email) VALUES ('cleo', 'cleo@example.com')",
        ])
        let second = try host()
        _ = try await second.call("ping")
        #expect(try rows(parts) == whole)
        // At its end the process waits for its log for a fifth of a second only.
        try await until("the line of the log") { second.process.standardError.contains("triggers.restored") }
        try await second.end()

        let third = try host()
        let customer = try await third.call("getCustomer", ["customerId": ada["customerId"] ?? .null])
        #expect(customer["name"] == "Ada Lovelace")
        let cleo = try await third.call("getUser", ["userId": "cleo"])
        #expect(cleo["customerId"]?.string?.hasPrefix("cus_") == true)
        // Bob was in step and cost no call.
        let events = try await third.call("listAuditEvents", ["userId": "bob", "limit": 100])
        #expect(events["data"]?.array?.count == 2)
        try await third.end()
        #expect(!third.process.standardError.contains("triggers.restored"))
    }

    @Test("A running process makes them again by itself")
    func whileRunning() async throws {
        let host = try host()
        _ = try await host.call(
            "registerUser",
            ["userId": "ada", "email": "ada@example.com", "metadata": ["z": "1", "a": "ä\""]])
        let whole = try rows(parts)
        // Who is queued is written down, since the queue is soon empty again.
        try change([
            "CREATE TABLE queued (user_id TEXT)",
            "CREATE TRIGGER note AFTER INSERT ON sync_queue BEGIN INSERT INTO queued VALUES (new.user_id); END",
        ])
        try change(rebuild)
        try await until("the triggers and indexes") { try rows(parts) == whole }
        #expect(try rows("SELECT user_id FROM queued").isEmpty, "nothing differs")
        try await host.end()
    }

    @Test("One that has lost the column of the links is refused, and the column named")
    func lostColumn() async throws {
        _ = try await Subprocess.run(["migrate", "--database", database])
        try change(
            rebuild.map { $0.replacing("stripe_customer_id VARCHAR(255), plan TEXT", with: "plan TEXT") }
                .map { $0.replacing(", stripe_customer_id", with: "") })
        let output = try await Subprocess.run(["--sandbox", "--database", database])
        #expect(output.status == .exited(78))
        #expect(output.standardError.contains("lost its column stripe_customer_id"))
    }

    @Test("A row that was there before is not called synced until it is")
    func unsynced() async throws {
        try change([
            "CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT)",
            "INSERT INTO users VALUES ('ada', 'ada@example.com')",
        ])
        let host = try host()
        #expect(try await host.call("getSyncStatus", ["userId": "ada"])["user"]?["state"] == "unsynced")
        _ = try await host.call("syncCustomerWithUser", ["userId": "ada"])
        #expect(try await host.call("getSyncStatus", ["userId": "ada"])["user"]?["state"] == "synced")
        try await host.end()
    }

    @Test("One of another text gives way to the newest one")
    func otherText() async throws {
        _ = try await Subprocess.run(["migrate", "--database", database])
        let texts = "SELECT sql FROM sqlite_schema WHERE name LIKE 'users\\_%' ESCAPE '\\' ORDER BY name"
        let whole = try rows(texts)
        #expect(whole.count == 11)
        try change([
            "DROP TRIGGER users_deleted", "CREATE TRIGGER users_deleted AFTER DELETE ON users BEGIN SELECT 1; END",
            "DROP INDEX users_stripe_customer_id",
            "CREATE INDEX users_stripe_customer_id ON users (stripe_customer_id)",
        ])
        let output = try await Subprocess.run(["migrate", "--database", database])
        #expect(output.lines == ["applied users: 2 triggers and indexes"])
        #expect(try rows(texts) == whole)
    }

    @Test("A table of integer ids that chooses none by itself needs them from the caller")
    func unchosenIDs() async throws {
        try change(["CREATE TABLE users (id INTEGER UNIQUE, email TEXT)"])
        let host = try host()
        let refused = try await host.send("registerUser", ["email": "ada@example.com"])
        let violation = refused["error"]?["data"]?["violations"]?.array?.first
        #expect(violation?["keywordLocation"] == "/required" && violation?["params"]?["missingProperty"] == "userId")
        #expect(try await host.call("registerUser", ["userId": "7", "email": "ada@example.com"])["user"]?["id"] == "7")
        try await host.end()
    }

    @Test("A rebuilt table with one customer twice, or without a unique id, is refused")
    func rebuiltUnfit() async throws {
        _ = try await Subprocess.run(["migrate", "--database", database])
        try change(["INSERT INTO users (id, email) VALUES ('ada', 'a@example.com'), ('bob', 'b@example.com')"])
        try change(rebuild + ["UPDATE users SET stripe_customer_id = 'cus_1'"])
        let twice = try await Subprocess.run(["migrate", "--database", database])
        #expect(twice.status == .exited(78) && twice.standardError.contains("the same value twice"))
        try change(rebuild.map { $0.replacing("id TEXT PRIMARY KEY", with: "id TEXT") })
        let keyless = try await Subprocess.run(["--sandbox", "--database", database])
        #expect(keyless.status == .exited(78) && keyless.standardError.contains("needs id (unique; text or integer)"))
    }

    @Test("A change that is answered is queued, also in the moment when a migration has taken the triggers away")
    func withoutTriggers() async throws {
        let host = try host()
        let ada = try await host.call("registerUser", ["userId": "ada", "email": "ada@example.com"])
        try change(rebuild)
        let update = try await host.call("updateUser", ["userId": "ada", "name": "Ada Lovelace"])
        #expect(update["sync"]?["state"] == "synced" && update["sync"]?["changed"] == ["name"])
        let customer = try await host.call("getCustomer", ["customerId": ada["customerId"] ?? .null])
        #expect(customer["name"] == "Ada Lovelace")
        try await host.end()
    }

    @Test("Rows that were there before are not called synced, and migrate says what brings them in line")
    func existingRows() async throws {
        try change([
            "CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT)",
            "INSERT INTO users VALUES ('ada', 'ada@example.com'), ('bob', 'bob@example.com')",
        ])
        let migrated = try await Subprocess.run(["migrate", "--database", database])
        #expect(migrated.standardError == "stripe-customers: 2 users have no customer yet: run stripe-customers sync\n")
        let first = try host()
        let status = try await first.call("getSyncStatus", ["userId": "ada"])
        #expect(status["user"] == ["userId": "ada", "state": "unsynced"] && status["pending"] == 0)
        try await first.end()
        let synced = try await Subprocess.run(["sync", "--sandbox", "--database", database])
        #expect(synced.status == .exited(0))
        let second = try host()
        #expect(try await second.call("getSyncStatus", ["userId": "ada"])["user"]?["state"] == "synced")
        try await second.end()
        #expect(try await Subprocess.run(["migrate", "--database", database]).standardError.isEmpty)
    }

    @Test("A row that takes the integer id of a deleted one is not the user of the earlier registration")
    func integerIDAgain() async throws {
        try change(["CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)"])
        let host = try host()
        let registration: JSONValue = ["email": "ada@example.com", "_meta": ["idempotencyKey": "K"]]
        #expect(try await host.call("registerUser", registration)["user"]?["id"] == "1")
        _ = try await host.call("deleteUser", ["userId": "1"])
        #expect(try await host.call("registerUser", ["email": "bob@example.com"])["user"]?["id"] == "1")
        #expect(try await host.failure("registerUser", registration) == "user_not_found")
        try await host.end()
    }

    @Test("Integer ids are refused in any form but their own")
    func integerIDs() async throws {
        try change(["CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)"])
        let host = try host()
        for (number, id) in ["007", "+7", "7.0", "seven", " 7"].enumerated() {
            let failure = try await host.failure(
                "registerUser", ["userId": .string(id), "email": .string("\(number)@example.com")])
            #expect(failure == "invalid_params", "\(id)")
        }
        let refused = try await host.send("registerUser", ["userId": "user_42", "email": "u@example.com"])
        #expect(
            refused["error"]?["data"]?["violations"]?.array?.first?["error"]
                == "users.id is an integer: give a whole number as text, such as \"7\"", "\(refused)")
        #expect(try await host.call("registerUser", ["userId": "7", "email": "a@example.com"])["user"]?["id"] == "7")
        try await host.end()
    }

    @Test(
        "An integer id in any form but its own is nobody's, for whatever method", arguments: ["007", "+7", "7.0", " 7"])
    func otherForms(id: String) async throws {
        try change(["CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)"])
        let policy = directory.file("policy.json")
        try #"{"roles": {"admin": {"methods": ["*"]}, "me": {"methods": ["*"], "scope": "self"}}}"#.write(to: policy)
        let host = try Host(["--sandbox", "--database", database, "--policy", policy])
        let admin: JSONValue = ["id": "boss", "role": "admin"]
        let seven = try await host.call("registerUser", ["userId": "7", "email": "a@example.com"], as: admin)
        let customer = seven["customerId"] ?? .null
        let me: JSONValue = ["id": .string(id), "role": "me"]
        for actor in [admin, me] {
            #expect(try await host.call("getUser", ["userId": .string(id)], as: actor).isNull)
            for method in [
                "updateUser", "deleteUser", "eraseUser", "exportUserData", "syncCustomerWithUser",
                "ensureCustomerExists",
            ] {
                let failure = try await host.failure(method, ["userId": .string(id)], as: actor)
                #expect(failure == "user_not_found", "\(method)")
            }
        }
        for method in ["linkCustomer", "unlinkCustomer"] {
            let params: JSONValue = ["userId": .string(id), "customerId": customer]
            #expect(try await host.failure(method, params, as: admin) == "user_not_found", "\(method)")
        }
        #expect(try await host.failure("getCustomer", ["customerId": customer], as: me) == "access_denied")
        #expect(try await host.call("getUser", ["userId": "7"], as: admin)["customerId"] == customer)
        #expect(try await host.call("eraseUser", ["userId": "7"], as: admin)["state"] == "done")
        try await host.end()
    }

    @Test("migrate makes them again and says so")
    func migrate() async throws {
        _ = try await Subprocess.run(["migrate", "--database", database])
        try change(rebuild)
        let output = try await Subprocess.run(["migrate", "--database", database])
        #expect(output.lines == ["applied users: 11 triggers and indexes"])
        #expect(try await Subprocess.run(["migrate", "--database", database]).lines.isEmpty)
    }
}
