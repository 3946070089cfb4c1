import CustomerStore
import Testing

/// A `users` table that the host had before.
@Suite("A host's own users table")
struct HostTableTests {
    @Test("It is extended in place and keeps its rows, columns, indexes and triggers")
    func extended() async throws {
        let file = try StoreFile(
            """
            CREATE TABLE log (id);
            CREATE TABLE users (
                id TEXT PRIMARY KEY, email TEXT NOT NULL, password_hash TEXT NOT NULL DEFAULT 'x',
                created_at TEXT DEFAULT CURRENT_TIMESTAMP, name TEXT);
            CREATE INDEX users_created ON users (created_at);
            CREATE TRIGGER host_trigger AFTER UPDATE ON users BEGIN INSERT INTO log VALUES (new.id); END;
            INSERT INTO users (id, email, password_hash, name) VALUES ('a', 'a@example.com', 'secret', 'Ada');
            """)
        let store = try file.store()
        #expect(
            try file.rows("SELECT id, email, password_hash, name, stripe_customer_id FROM users")
                == ["a|a@example.com|secret|Ada|-"])
        #expect(
            try file.rows("SELECT count(*) FROM sqlite_schema WHERE name IN ('users_created', 'host_trigger')")
                == ["2"])
        let user = try await store.user("a")
        #expect(user?.name == "Ada" && user?.phone == nil && user?.customerId == nil)
        _ = try await store.updateUser("a", UserChange(name: "Ada King"), at: someTime, draft: { _ in nil })
        #expect(try file.rows("SELECT password_hash, name FROM users") == ["secret|Ada King"])
        #expect(try file.rows("SELECT DISTINCT id FROM log") == ["a"])
        await store.close()
    }

    @Test(
        "Integer ids are texts to the host, and SQLite chooses the next",
        arguments: ["id INTEGER PRIMARY KEY", "id INTEGER PRIMARY KEY AUTOINCREMENT"])
    func integerIDs(column: String) async throws {
        let file = try StoreFile(
            "CREATE TABLE users (\(column), email TEXT); INSERT INTO users VALUES (7, 'a@example.com')")
        let store = try file.store()
        #expect(store.ids.areIntegers)
        #expect(try await store.user("7")?.email == "a@example.com")
        #expect(try await store.add("", email: "b@example.com").id == "8")
        #expect(try file.rows("SELECT id, typeof(id) FROM users") == ["7|integer", "8|integer"])
        #expect(try file.rows("SELECT user_id FROM sync_queue") == ["8"])
        await #expect(throws: StoreError.self) { try await store.add("not a number", email: "c@example.com") }
        #expect(try await store.users(limit: 10, after: "7", linked: nil).map(\.id) == ["8"])
        await store.close()
    }

    @Test("A STRICT table takes the columns too")
    func strict() async throws {
        let file = try StoreFile("CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, age INTEGER) STRICT")
        let store = try file.store()
        try await store.add("a", email: "a@example.com")
        #expect(
            try file.rows("SELECT type FROM pragma_table_info('users') WHERE name = 'stripe_customer_id'") == ["TEXT"])
        await store.close()
    }

    @Test("A column that must not be empty refuses a registration, and the error names the column, not the data")
    func notNull() async throws {
        let file = try StoreFile("CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, password TEXT NOT NULL)")
        let store = try file.store()
        let error = await #expect(throws: StoreError.self) { try await store.add("a", email: "ada@example.com") }
        #expect(error?.description == "The users table refuses the row by a rule of its own: NOT NULL users.password")
        await store.close()
    }

    @Test(
        "Any unique id will do",
        arguments: [
            "CREATE TABLE users (id TEXT UNIQUE, email TEXT)", "CREATE TABLE users (id UUID PRIMARY KEY, email TEXT)",
            "CREATE TABLE users (row INTEGER PRIMARY KEY, id VARCHAR(36), email TEXT); CREATE UNIQUE INDEX i ON users (id)",
        ])
    func uniqueID(script: String) async throws {
        let file = try StoreFile(script)
        let store = try file.store()
        let id = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
        try await store.add(id, email: "a@example.com")
        #expect(try await store.user(id)?.email == "a@example.com")
        await store.close()
    }

    @Test("Names of columns in another case are the same names")
    func otherCase() async throws {
        let file = try StoreFile(
            """
            CREATE TABLE "Users" ("ID" INTEGER PRIMARY KEY, "Email" TEXT, "Name" TEXT, "PHONE" TEXT, Stripe_Customer_Id TEXT);
            INSERT INTO users VALUES (1, 'a@example.com', 'Ada', NULL, NULL)
            """)
        let store = try file.store()
        #expect(store.ids.areIntegers)
        #expect(try await store.user("1")?.name == "Ada")
        _ = try await store.updateUser("1", UserChange(name: "Ada King"), at: someTime, draft: { _ in nil })
        #expect(try file.rows(#"SELECT "Name" FROM users"#) == ["Ada King"])
        #expect(try file.rows("SELECT user_id FROM sync_queue") == ["1"])
        await store.close()
    }

    @Test(
        "A table that can't serve is refused with what it needs",
        arguments: [
            ("CREATE TABLE users (id TEXT PRIMARY KEY, login TEXT)", "it has no column email"),
            ("CREATE TABLE users (uid TEXT PRIMARY KEY, email TEXT)", "it has no column id"),
            ("CREATE TABLE users (id TEXT, email TEXT)", "its id is neither its PRIMARY KEY nor UNIQUE by itself"),
            ("CREATE TABLE users (id TEXT, tenant TEXT, email TEXT, PRIMARY KEY (id, tenant))", "UNIQUE by itself"),
            ("CREATE TABLE users (id TEXT, a, email TEXT, UNIQUE (id, a)); CREATE INDEX i ON users (id)", "by itself"),
            (
                "CREATE TABLE users (id TEXT, email TEXT); CREATE UNIQUE INDEX i ON users (id) WHERE id > 'a'",
                "UNIQUE by itself"
            ),
            (
                "CREATE TABLE users (id REAL PRIMARY KEY, email TEXT)",
                "its id is REAL; it needs id (unique; text or integer)"
            ),
            ("CREATE TABLE users (id BLOB PRIMARY KEY, email TEXT)", "its id is BLOB"),
            ("CREATE TABLE users (id PRIMARY KEY, email TEXT)", "its id is of no type"),
            (
                "CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, full_name TEXT, Name TEXT AS (full_name))",
                "its column name is generated"
            ),
            ("CREATE TABLE u (id TEXT PRIMARY KEY, email TEXT); CREATE VIEW users AS SELECT * FROM u", "it is a view"),
            (
                """
                CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, stripe_customer_id TEXT);
                INSERT INTO users VALUES ('a', 'a@example.com', 'cus_1'), ('b', 'b@example.com', 'cus_1')
                """, "the same value twice"
            ),
            (
                "CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT); INSERT INTO users VALUES (NULL, 'a@example.com')",
                "1 row (rowid 1) has no id"
            ),
        ])
    func unfit(script: String, reason: String) throws {
        let file = try StoreFile(script)
        let before = try file.rows("SELECT * FROM users")
        let error = #expect(throws: StoreError.self) { try file.store() }
        guard case .usersTableUnfit = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        #expect(try file.rows("SELECT * FROM users") == before)
        #expect(try file.rows("SELECT name FROM sqlite_schema WHERE name = 'sync_queue'") == [])
    }
}
