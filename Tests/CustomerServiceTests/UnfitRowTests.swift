import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLite
import TestSupport
import Testing

@Suite("A row that can't be told to Stripe")
struct UnfitRowTests {
    /// What is written into `u1`'s row, by column.
    static let rows: [(column: String, value: SQLiteValue)] = [
        ("name", .text("A\u{0}da")), ("name", .brokenText([0x41, 0xff])), ("name", .blob([0x41])),
        ("phone", .brokenText([0xc3])), ("email", .text("a\u{0}@example.com")),
        ("email", .brokenText([0xed, 0xa0, 0x80])),
        ("stripe_metadata", .text(#"{"plan":"a\u0000b"}"#)), ("stripe_metadata", .text(#"{"pl\u0000an":"a"}"#)),
        ("stripe_metadata", .brokenText(Array(#"{"plan":""}"#.utf8) + [0xff])),
    ]

    @Test("parks that user, names the column, leaves Stripe and the row alone, and disturbs nobody", arguments: rows)
    func unfit(column: String, value: SQLiteValue) async throws {
        let world = try await World()
        for id in ["u1", "u2"] {
            try await world.call(
                "registerUser",
                [
                    "userId": .string(id), "email": .string("\(id)@example.com"), "name": "Ada", "phone": "7",
                    "metadata": ["plan": "pro"],
                ])
        }
        let before = try await world.customer(of: "u1")
        try world.sql("UPDATE users SET \(column) = ? WHERE id = 'u1'", [value])
        try world.sql("UPDATE users SET name = 'Grace' WHERE id = 'u2'")
        await world.worker.drain()
        #expect(try await world.customer(of: "u1") == before)
        #expect(try await world.customer(of: "u2")["name"] == "Grace")
        #expect(try world.sql("SELECT \(column) FROM users WHERE id = 'u1'").first?[0] == value)
        let status = try await world.call("getSyncStatus", ["userId": "u1"])
        #expect(status.description.contains("column \(column)"), "\(status)")
        let error = await errorOf { () throws(ServiceError) in
            try await world.call("syncCustomerWithUser", ["userId": "u1"])
        }
        #expect(error?.message.contains("column \(column)") == true && error?.retryable == false)

        try world.sql("UPDATE users SET \(column) = ? WHERE id = 'u1'", [column == "stripe_metadata" ? "{}" : "x@y.z"])
        try await world.settle()
        let after = try await world.customer(of: "u1")
        if column == "stripe_metadata" {
            #expect(after["metadata"]?["plan"] == nil)
        } else {
            #expect(after[column] == "x@y.z")
        }
        try await world.expectPromises(users: ["u1", "u2"])
    }

    @Test(
        "A link that is no text parks the user and names the column; Stripe is not asked again and again",
        arguments: [.blob(Array("cus_1".utf8)), .text("cus_\u{0}"), .brokenText([0x63, 0xff])] as [SQLiteValue])
    func unfitLink(value: SQLiteValue) async throws {
        let world = try await World()
        try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com"])
        try await world.settle()
        try world.sql("DROP INDEX IF EXISTS users_stripe_customer_id")
        try world.sql("UPDATE users SET stripe_customer_id = ?, name = 'B'", [value])
        let asked = world.stripe.requestCount
        await world.worker.drain()
        let status = try await world.call("getSyncStatus", ["userId": "u1"])
        #expect(status.description.contains("column stripe_customer_id"), "\(status)")
        #expect(world.stripe.requestCount == asked)
        #expect(try await world.stripe.customers().count == 1)
    }

    @Test("An id of bytes is no user that anybody can name: a backfill comes to its end without it")
    func idOfBytes() async throws {
        let world = try await World()
        try world.sql("INSERT INTO users (id, email) VALUES ('a', 'a@example.com'), (x'616263', 'b@example.com')")
        let summary = try await Backfill(service: world.service, isDryRun: false).run { _ in }
        #expect(summary.users == 1 && summary.created == 1)
    }

    @Test(
        "What a foreign hand wrote as the fate of a customer is not guessed, and the queue comes to rest",
        arguments: ["null", "{}", "DELETE"])
    func strangeDisposal(action: String) async throws {
        let world = try await World()
        try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com"])
        try await world.settle()
        let before = try await world.customer(of: "u1")
        var connection = try Connection(path: world.directory.file("test.sqlite"), busyTimeout: 10_000)
        _ = try connection.query("PRAGMA ignore_check_constraints = 1")
        _ = try connection.query(
            "INSERT INTO disposals (customer_id, user_id, action, idempotency_key, requested_at) VALUES (?, 'u1', ?, 'k', 1)",
            [.text(before["id"]?.string ?? ""), .text(action)])
        let asked = world.stripe.requestCount
        await world.worker.drain()
        #expect(world.stripe.requestCount == asked)
        #expect(try await world.customer(of: "u1") == before)
    }

    @Test("keeps to the byte what no call changes, and what no edit at Stripe does", arguments: rows)
    func untouched(column: String, value: SQLiteValue) async throws {
        let bench = try await WebhookBench(wins: ["email", "name", "phone"])
        let id = try await bench.register("u1")
        try bench.sql("UPDATE users SET \(column) = ? WHERE id = 'u1'", [value])
        let other = column == "phone" ? "name" : "phone"
        var params: JSONObject = ["userId": "u1", "metadata": [:]]
        params[other] = "8"
        try await bench.call("updateUser", params)
        #expect(try bench.sql("SELECT \(column) FROM users").first?[0] == value)
        await bench.clock.sleep(61_000)
        try await bench.edit(id, "\(other)=9")
        try await bench.deliver(bench.newestEvent())
        #expect(try bench.sql("SELECT \(column) FROM users").first?[0] == value)
    }

    @Test("makes no customer either, and one as soon as it is corrected", arguments: rows)
    func unfitAtFirst(column: String, value: SQLiteValue) async throws {
        let world = try await World()
        try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'u1@example.com'), ('u2', 'u2@example.com')")
        try world.sql("UPDATE users SET \(column) = ? WHERE id = 'u1'", [value])
        await world.worker.drain()
        #expect(try await world.stripe.liveCustomers().keys.sorted() == ["u2"])
        #expect(try world.sql("SELECT 1 FROM create_intents WHERE user_id = 'u1'").isEmpty)
        try world.sql(
            "UPDATE users SET email = 'u1@example.com', name = NULL, phone = NULL, stripe_metadata = NULL WHERE id = 'u1'"
        )
        try await world.settle()
        try await world.expectPromises(users: ["u1", "u2"])
    }
}
