import JSON
import SQLite
import TestSupport
import Testing

/// Numbers in the service's own tables that make no sense, whoever wrote them.
@Suite("Rows that make no sense")
struct HostileRowsTests {
    private static let least = "-9223372036854775808"
    private static let most = "9223372036854775807"

    /// Columns of integers, each set to the least and to the greatest there is.
    private static let columns: [(table: String, column: String)] = [
        ("sync_queue", "enqueued_at"), ("sync_queue", "attempts"), ("sync_queue", "not_before"),
        ("disposals", "requested_at"), ("disposals", "attempts"), ("disposals", "not_before"),
        ("create_intents", "created_at"), ("create_intents", "server_failures"), ("create_intents", "settled_at"),
        ("synced_profiles", "synced_at"), ("idempotent_calls", "created_at"), ("stripe_events", "received_at"),
        ("customer_news", "created"), ("customer_news", "received_at"), ("erasures", "requested_at"),
        ("unlinked_customers", "unlinked_at"), ("archived_customers", "archived_at"),
        ("processes", "expires_at"), ("processes", "beat"), ("reconcile_customers", "created"),
    ]

    private static let others = [
        "UPDATE create_intents SET generation = \(most) WHERE generation = 1 AND state = 'pending'",
        "UPDATE create_intents SET fields = '[]' WHERE state = 'pending'",
        "UPDATE synced_profiles SET profile = '7', edits = '[1]'",
        "UPDATE erasures SET customer_ids = '7'",
        "INSERT INTO leases VALUES ('', ''), ('user:', 'nobody'), ('user:u1', '')",
        "INSERT INTO changes_under_way (id, owner, method, details) VALUES (\(most), '', '', '7')",
        "INSERT OR REPLACE INTO settings VALUES ('events_cursor', '{\"created\":\(most)}')",
        "INSERT OR REPLACE INTO settings VALUES ('events_cursor', '{\"created\":\(least)}')",
        "INSERT OR REPLACE INTO settings VALUES ('deterministic_sessions', '\(most)')",
        "INSERT OR REPLACE INTO settings VALUES ('deterministic_sessions', '\(least)')",
        """
        INSERT OR REPLACE INTO settings VALUES ('reconcile',
            '{"walk":"users","users":\(most),"customers":\(most),"keptEdits":\(most),"restarts":\(most),
            "waited":\(most),"fixes":true,"startedAt":unixepoch() * 1000,"auditEnd":\(most)}')
        """,
        """
        INSERT INTO reconcile_findings VALUES ('orphan', 'a', '{"fixed":\(most)}'), ('orphan', 'b', '{"fixed":\(most)}')
        """,
        """
        DROP TRIGGER audit_events_next_only;
        INSERT INTO audit_events SELECT \(most), \(least), NULL, NULL, 'm', NULL, NULL, 'ok', '{}', NULL, ''
        """,
        "DROP TRIGGER audit_events_no_update; UPDATE audit_events SET at = \(least)",
        "DROP TRIGGER audit_events_no_update; UPDATE audit_events SET at = \(most), details = '7'",
    ]

    static let scripts =
        columns.flatMap { entry in [least, most].map { "UPDATE \(entry.table) SET \(entry.column) = \($0)" } } + others

    private let directory: TemporaryDirectory
    private let database: String

    init() throws {
        directory = try TemporaryDirectory()
        database = directory.file("test.sqlite")
    }

    /// Users with and without a customer, and something in each table.
    private func prepare() async throws {
        let host = try Host(["--sandbox", "--database", database])
        for id in ["u1", "u2", "u3", "u4"] {
            _ = try await host.call("registerUser", ["userId": .string(id), "email": .string("\(id)@example.com")])
        }
        try await host.end()
        var connection = try Connection(path: database, busyTimeout: 10_000)
        try connection.script(
            """
            DELETE FROM users WHERE id = 'u2';
            INSERT INTO users (id, email) VALUES ('u5', 'u5@example.com'), ('u6', 'u6@example.com');
            UPDATE users SET name = 'New' WHERE id = 'u3';
            INSERT INTO create_intents (user_id, generation, idempotency_key, fields, state, created_at)
                VALUES ('u5', 1, 'k5', '{"email":"u5@example.com"}', 'pending', unixepoch() * 1000);
            INSERT INTO idempotent_calls (idempotency_key, request_hash, created_at) VALUES ('k', 'h', 1);
            INSERT INTO stripe_events (event_id, received_at) VALUES ('evt_1', unixepoch() * 1000);
            INSERT INTO customer_news (customer_id, created, received_at)
                SELECT stripe_customer_id, 1, unixepoch() * 1000 FROM users WHERE id = 'u1';
            INSERT INTO erasures (user_id, customer_ids, requested_at) VALUES ('u9', '[]', 1);
            INSERT INTO unlinked_customers VALUES ('cus_other', 1);
            INSERT INTO archived_customers VALUES ('cus_other', 1);
            INSERT INTO processes (owner, expires_at) VALUES ('other', 1);
            INSERT INTO reconcile_customers (customer_id, created, archived) VALUES ('cus_other', 1, 0);
            """)
    }

    @Test("No number ends the process: every call is answered", arguments: scripts)
    func answered(script: String) async throws {
        try await prepare()
        var connection = try Connection(path: database, busyTimeout: 10_000)
        try connection.script(script)
        let isDeterministic = script.contains("deterministic_sessions")
        let arguments =
            ["--sandbox", "--database", database] + (isDeterministic ? ["--deterministic"] : ["--poll-interval", "1"])
        let calls: [(String, JSONObject)] = [
            ("health", [:]), ("getSyncStatus", [:]), ("getSyncStatus", ["userId": "u3"]), ("syncAllUsers", [:]),
            ("reconcile", ["fix": true]), ("exportUserData", ["userId": "u1"]), ("listAuditEvents", [:]),
            ("verifyAuditLog", [:]), ("updateUser", ["userId": "u3", "name": "Newer"]),
            ("ensureCustomerExists", ["userId": "u5"]), ("eraseUser", ["userId": "u1"]), ("health", [:]),
        ]
        // Where the log's key was that of a deterministic session, a start may be refused; that is an answer too.
        let process = try Subprocess(["--ordered"] + arguments)
        for (index, call) in calls.enumerated() {
            do { try await process.write(request(index, call.0, call.1)) } catch {}
        }
        process.closeInput()
        let lines = try await process.readAll(timeout: .seconds(120))
        let status = try await process.wait(timeout: .seconds(120))
        if status == .exited(78) { return }
        #expect(status == .exited(0), "\(script)\n\(process.standardError)")
        #expect(lines.count == calls.count, "\(script)")
    }

    @Test("Times that are not believed are told at the start")
    func told() async throws {
        try await prepare()
        var connection = try Connection(path: database, busyTimeout: 10_000)
        try connection.script("UPDATE sync_queue SET enqueued_at = -1; UPDATE disposals SET not_before = \(Self.most)")
        let output = try await Subprocess.run(["--sandbox", "--database", database], input: "")
        let told = output.standardError.split(separator: "\n").filter { $0.contains("times.not_believed") }
        #expect(told.count == 2, "\(output.standardError)")
        #expect(told.contains { $0.contains(#""table":"sync_queue","column":"enqueued_at""#) })
        #expect(told.contains { $0.contains(#""table":"disposals","column":"not_before""#) })
    }
}
