import CustomerStore
import SQLiteStore
import Testing

/// What other programs write to the users table with plain SQL is seen like the process's own writes.
@Suite("The queue is written with the user, whoever writes")
struct TriggerTests {
    private let file: StoreFile

    init() throws {
        file = try StoreFile()
        _ = try MigrationRunner.migrate(path: file.path)
        try file.execute(
            """
            INSERT INTO users (id, email, stripe_customer_id) VALUES ('linked', 'l@example.com', 'cus_1');
            DELETE FROM sync_queue;
            INSERT INTO synced_profiles (user_id, customer_id, profile, synced_at) VALUES ('linked', 'cus_1', '{}', 0)
            """)
    }

    @Test(
        "A statement queues a user, or doesn't",
        arguments: [
            ("INSERT INTO users (id, email) VALUES ('a', 'a@example.com')", ["a"]),
            ("INSERT INTO users (id, email) VALUES ('a', 'a@x.example'), ('b', 'b@x.example')", ["a", "b"]),
            ("UPDATE users SET email = 'new@example.com'", ["linked"]),
            ("UPDATE users SET name = 'Ada'", ["linked"]),
            ("UPDATE users SET phone = '1'", ["linked"]),
            ("UPDATE users SET stripe_metadata = '{\"plan\":\"pro\"}'", ["linked"]),
            ("UPDATE users SET name = NULL", []),
            ("UPDATE users SET email = 'l@example.com'", []),
            ("UPDATE users SET id = 'renamed'", ["renamed"]),
            ("DELETE FROM users", []),
            ("BEGIN; UPDATE users SET name = 'Ada'; ROLLBACK", []),
            ("REPLACE INTO users (id, email) VALUES ('linked', 'other@example.com')", ["linked"]),
        ])
    func queues(statement: String, users: [String]) throws {
        try file.execute(statement)
        #expect(try file.rows("SELECT user_id FROM sync_queue ORDER BY user_id") == users)
    }

    @Test("A new change has a new id and starts the attempts anew")
    func change() throws {
        try file.execute("UPDATE users SET name = 'Ada'")
        let first = try file.rows("SELECT change_id FROM sync_queue")
        try file.execute("UPDATE sync_queue SET attempts = 5, parked = 1, not_before = 9, error = 'x'")
        try file.execute("UPDATE users SET name = 'Ada King'")
        #expect(try file.rows("SELECT attempts, parked, not_before, error FROM sync_queue") == ["0|0|0|-"])
        #expect(try file.rows("SELECT change_id FROM sync_queue") != first)
    }

    @Test("A deleted user's customer is noted for the archive, and nothing else is left of the user")
    func deletion() throws {
        try file.execute("UPDATE users SET name = 'Ada'; DELETE FROM users")
        #expect(try file.rows("SELECT customer_id, user_id, action FROM disposals") == ["cus_1|linked|archive"])
        #expect(try file.rows("SELECT 1 FROM sync_queue UNION ALL SELECT 1 FROM synced_profiles") == [])
    }

    @Test("A create under way is settled after its user was deleted")
    func deletionDuringCreate() throws {
        try file.execute(
            """
            INSERT INTO users (id, email) VALUES ('a', 'a@example.com');
            INSERT INTO create_intents (user_id, generation, idempotency_key, fields, state, created_at)
            VALUES ('a', 1, 'k', '{}', 'pending', 0);
            DELETE FROM users WHERE id = 'a'
            """)
        #expect(try file.rows("SELECT disposal FROM create_intents") == ["archive"])
        #expect(try file.rows("SELECT user_id FROM sync_queue") == ["a"])
    }

    @Test("A renamed user takes its intents and its last synced state along")
    func rename() throws {
        try file.execute(
            """
            INSERT INTO create_intents (user_id, generation, idempotency_key, fields, state, created_at)
            VALUES ('linked', 1, 'k', '{}', 'linked', 0);
            UPDATE users SET id = 'renamed'
            """)
        #expect(try file.rows("SELECT user_id FROM create_intents") == ["renamed"])
        #expect(try file.rows("SELECT user_id FROM synced_profiles") == ["renamed"])
    }

    @Test("Another customer has another last synced state: none")
    func otherCustomer() throws {
        try file.execute("UPDATE users SET stripe_customer_id = 'cus_2'")
        #expect(try file.rows("SELECT 1 FROM synced_profiles") == [])
    }

    @Test("A customer belongs to one user, whoever writes")
    func uniqueLink() throws {
        #expect(throws: (any Error).self) {
            try file.execute("INSERT INTO users (id, email, stripe_customer_id) VALUES ('b', 'b@example.com', 'cus_1')")
        }
        try file.execute("INSERT INTO users (id, email) VALUES ('b', 'b@example.com'), ('c', 'c@example.com')")
        #expect(try file.rows("SELECT count(*) FROM users") == ["3"])
    }
}
