import CustomerService
import CustomerStore
import HTTP
import Interface
import JSON
import TestSupport
import Testing

/// Rules that a host has put on its users table.
@Suite("Rules of the host's own")
struct HostRuleTests {
    private func refusal(_ world: World, _ method: String, _ params: JSONObject) async -> ServiceError? {
        await errorOf { () throws(ServiceError) in try await world.call(method, params) }
    }

    @Test("Each rule is named with its table and column, and what to do instead")
    func rules() async throws {
        let world = try await World()
        try world.sql("ALTER TABLE users ADD COLUMN nick TEXT")
        try world.sql("CREATE UNIQUE INDEX users_nick ON users (name)")
        try world.sql("INSERT INTO users (id, email, name) VALUES ('u1', 'u1@example.com', 'Ada')")
        let unique = await refusal(
            world, "registerUser", ["userId": "u2", "email": "u2@example.com", "name": "Ada"])
        #expect(unique?.kind == .usersTableRefused && unique?.retryable == false)
        #expect(unique?.details["rule"]?.string == "UNIQUE users.name")
        #expect(unique?.message.contains("ensureCustomerExists") == true)
        #expect(unique?.message.contains("Ada") == false)
        try world.sql(
            "CREATE TRIGGER no_change BEFORE UPDATE OF phone ON users BEGIN SELECT RAISE(ABORT, 'it''s closed'); END")
        let trigger = await refusal(world, "updateUser", ["userId": "u1", "phone": "+441"])
        #expect(trigger?.details["rule"]?.string == "TRIGGER on users: it's closed")
        #expect(trigger?.message.contains("picked up by itself") == true)
        try world.sql("CREATE TABLE orders (user TEXT REFERENCES users (id))")
        try world.sql("INSERT INTO orders VALUES ('u1')")
        let foreign = await refusal(world, "deleteUser", ["userId": "u1"])
        #expect(foreign?.details["rule"]?.string == "FOREIGN KEY of or to users")
        #expect(foreign?.message.contains("archived by itself") == true)
    }

    @Test(
        "A link that a rule refuses is an error of its own, and is made once the rule is gone",
        arguments: [
            "linkCustomer", "ensureCustomerExists",
        ])
    func link(method: String) async throws {
        let world = try await World()
        try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'u1@example.com')")
        try world.sql(
            "CREATE TRIGGER no_link BEFORE UPDATE OF stripe_customer_id ON users BEGIN SELECT RAISE(ABORT, 'no'); END")
        var params: JSONObject = ["userId": "u1"]
        if method == "linkCustomer" {
            params["customerId"] = try await world.stripe.direct(.post, "/v1/customers", "email=x@example.com")["id"]
        }
        let error = await refusal(world, method, params)
        #expect(error?.kind == .usersTableRefused && error?.details["rule"]?.string == "TRIGGER on users: no")
        try world.sql("DROP TRIGGER no_link")
        try await world.call(method, params)
        #expect(try await world.user("u1").customerId != nil)
        #expect(world.stripe.watch.figures.created == (method == "linkCustomer" ? 0 : 1))
    }

    @Test("A user whom a rule holds up is not parked, and holds up nobody else")
    func background() async throws {
        let world = try await World()
        for id in ["u1", "u2", "u3"] {
            try world.sql("INSERT INTO users (id, email) VALUES ('\(id)', '\(id)@example.com')")
        }
        try world.sql(
            """
            CREATE TRIGGER no_link BEFORE UPDATE OF stripe_customer_id ON users WHEN new.id = 'u1'
            BEGIN SELECT RAISE(ABORT, 'no'); END
            """)
        await world.worker.drain()
        #expect(try await world.user("u2").customerId != nil)
        #expect(try await world.user("u3").customerId != nil)
        #expect(try await world.store.queueStatus().parked == 0)
        try world.sql("DROP TRIGGER no_link")
        try await world.settle()
        try await world.expectPromises(users: ["u1", "u2", "u3"])
    }
}
