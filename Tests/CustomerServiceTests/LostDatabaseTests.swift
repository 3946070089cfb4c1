import CustomerService
import CustomerStore
import Environment
import HTTP
import JSON
import SQLite
import TestSupport
import Testing

@Suite("A database that was lost or restored finds its customers again")
struct LostDatabaseTests {
    private let ada: JSONObject = ["userId": "u1", "email": "ada@example.com", "name": "Ada"]

    private func customer(_ world: World) async throws -> String {
        try #require(try await world.user("u1").customerId)
    }

    @Test(
        "Whatever became of the address at Stripe",
        arguments: ["email=moved%40else.example", "email=", "email=Ada%40EXAMPLE.com"], ["shop", nil])
    func edited(form: String, app: String?) async throws {
        let first = try await World(app: app)
        try await first.call("registerUser", ada)
        let id = try await customer(first)
        try await first.stripe.direct(.post, "/v1/customers/" + id, form)
        // With a name it is found after any time, else as long as Stripe's events tell of the address.
        await first.clock.sleep(app == nil ? 3_600_000 : 90 * 24 * 3_600_000)
        let world = try await first.onSameAccount(app: app)
        let answer = try await world.call("registerUser", ada)
        #expect(answer["customerId"]?.string == id)
        #expect(answer["sync"]?["outcome"] == "relinked")
        try await world.expectPromises(users: ["u1"])
    }

    @Test("Edited twice, and by a user who has another address by now")
    func editedTwice() async throws {
        let first = try await World()
        try await first.call("registerUser", ada)
        let id = try await customer(first)
        for email in ["new%40example.com", "third%40example.com"] {
            try await first.stripe.direct(.post, "/v1/customers/" + id, "email=" + email)
        }
        let world = try await first.onSameAccount(app: nil)
        try await world.call("registerUser", ["userId": "u1", "email": "new@example.com"])
        #expect(try await customer(world) == id)
    }

    @Test("A database restored to a time before the customer finds it, under whatever address")
    func restored() async throws {
        let world = try await World()
        try await world.call("registerUser", ada)
        let id = try await customer(world)
        try await world.stripe.direct(.post, "/v1/customers/" + id, "email=moved%40else.example")
        for table in ["create_intents", "synced_profiles", "sync_queue"] { try world.sql("DELETE FROM \(table)") }
        try world.sql("UPDATE users SET stripe_customer_id = NULL")
        try await world.call("ensureCustomerExists", ["userId": "u1"])
        #expect(try await customer(world) == id)
    }

    @Test("A user without an address is found by the mark of the application")
    func withoutAddress() async throws {
        let first = try await World(app: "shop")
        let insertion = "INSERT INTO users (id, name) VALUES ('u1', 'Ada')"
        try first.sql(insertion)
        try await first.settle()
        let id = try await customer(first)
        let world = try await first.onSameAccount(app: "shop")
        try world.sql(insertion)
        try await world.settle()
        #expect(try await customer(world) == id)
    }

    @Test(
        "The user's id under an address that was never the user's is another application's",
        arguments: ["email=stranger%40other.example&metadata[app]=shop", "email=stranger%40other.example", "name=Eve"])
    func stranger(form: String) async throws {
        let world = try await World()
        let stranger = try await world.stripe.direct(.post, "/v1/customers", form + "&metadata[userId]=u1")["id"]?
            .string
        let answer = try await world.call("registerUser", ada)
        #expect(answer["customerId"]?.string != nil && answer["customerId"]?.string != stranger)
        try await world.call("eraseUser", ["userId": "u1"])
    }

    @Test(
        "While the look-up fails nothing is created",
        arguments: [FaultyStripe.Route.list, .search, .retrieve, .other],
        [FaultyStripe.Fault.unsaved500, .closed, .executedThenEmptyBody, .rateLimited])
    func failing(route: FaultyStripe.Route, fault: FaultyStripe.Fault) async throws {
        let first = try await World()
        try await first.call("registerUser", ada)
        let id = try await customer(first)
        try await first.stripe.direct(.post, "/v1/customers/" + id, "email=moved%40else.example")
        let world = try await first.onSameAccount(app: nil)
        world.stripe.script { $0.route == route ? fault : nil }
        let answer = try await world.call("registerUser", ada)
        #expect(answer["customerId"]?.string == nil)
        for _ in 0..<3 {
            await world.worker.drain()
            await world.clock.sleep(120_000)
        }
        #expect(try await world.stripe.customers().count == 1)
        world.stripe.script { _ in nil }
        try await world.settle()
        #expect(try await customer(world) == id)
    }

    @Test("Where search isn't offered, by the address alone", arguments: [true, false])
    func withoutSearch(isMoved: Bool) async throws {
        var options = FaultyStripe.Options()
        options.offersSearch = false
        let first = try await World(options: options)
        try await first.call("registerUser", ada)
        let id = try await customer(first)
        if isMoved { try await first.stripe.direct(.post, "/v1/customers/" + id, "email=moved%40else.example") }
        let world = try await first.onSameAccount(app: nil)
        try await world.call("registerUser", ada)
        #expect((try await customer(world) == id) == !isMoved)
    }
}
