import CustomerService
import CustomerStore
import HTTP
import Interface
import JSON
import SQLite
import Synchronization
import TestSupport
import Testing

/// Ids are used again. What a former holder of one left behind is settled and disposed of, and is nothing to the next.
@Suite("The next holder of an id")
struct FormerHolderTests {
    enum End: String, CaseIterable, Sendable {
        case archive, delete, keep, erase, sql
    }

    private func end(_ world: World, _ end: End) async throws {
        switch end {
        case .erase: try await world.call("eraseUser", ["userId": "u1", "force": true])
        case .sql: try world.sql("DELETE FROM users WHERE id = 'u1'")
        default: try await world.call("deleteUser", ["userId": "u1", "customer": .string(end.rawValue), "force": true])
        }
    }

    /// As Stripe has it: gone, archived or as it was.
    private func expect(_ id: String, _ end: End, _ world: World) async throws {
        let customer = try await world.stripe.direct(.get, "/v1/customers/" + id)
        #expect((customer["deleted"] == true) == (end == .delete || end == .erase))
        #expect((customer["metadata"]?["stripe_customers_archived_at"] != nil) == (end == .archive || end == .sql))
    }

    @Test(
        "A create whose process was killed before it knew",
        arguments: End.allCases, ["bob@example.com", "ada@example.com", ""])
    func killedCreate(end: End, email: String) async throws {
        let first = try await World()
        first.stripe.script { $0.route == .create ? .executedThenClosed : nil }
        try await first.call("registerUser", ["userId": "u1", "email": "ada@example.com", "name": "Ada"])
        let made = try #require(try await first.stripe.customers().first?["id"]?.string)
        first.stripe.script { _ in .closed }
        try await self.end(first, end)
        let world = try await first.afterKill()
        try world.sql(
            "INSERT INTO users (id, email, name) VALUES ('u1', ?, 'Bob')", [email.isEmpty ? .null : .text(email)])
        world.stripe.script { _ in nil }
        try await world.settle()
        let customer = try await world.customer(of: "u1")
        #expect(customer["id"]?.string != made && customer["name"] == "Bob")
        try await expect(made, end, world)
        #expect(world.stripe.watch.figures.created == 2)
        #expect(try await world.store.queueStatus().intents == 0)
    }

    @Test("A create that was never carried out is not sent once its user is gone", arguments: End.allCases)
    func neverSent(end: End) async throws {
        let world = try await World()
        try await world.call("registerUser", ["userId": "u1", "email": "ada@example.com"])
        let first = try #require(try await world.user("u1").customerId)
        try await world.call("unlinkCustomer", ["userId": "u1", "customerId": .string(first)])
        try await world.call("deleteCustomer", ["customerId": .string(first)])
        world.stripe.script { _ in .closed }
        _ = await errorOf { () async throws(ServiceError) in
            try await world.call(
                "createCustomer", ["userId": "u1", "email": "ada@example.com", "description": "hers"])
        }
        try await self.end(world, end)
        try await world.call("registerUser", ["userId": "u1", "email": "bob@example.com", "name": "Bob"])
        let sent = Mutex<[FaultyStripe.Request]>([])
        world.stripe.observe { request, _ in
            if request.route.isMutation { sent.withLock { $0.append(request) } }
            return true
        }
        world.stripe.script { _ in nil }
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        let customer = try await world.customer(of: "u1")
        #expect(customer["name"] == "Bob" && customer["description"]?.string == nil)
        #expect(sent.withLock { $0.allSatisfy { !$0.identity.contains("hers") && !$0.identity.contains("ada%40") } })
        #expect(try world.sql("SELECT 1 FROM erasures").isEmpty)
    }

    @Test("A create that arrives late is still found")
    func late() async throws {
        let world = try await World()
        world.stripe.script { $0.route == .create ? .closed : nil }
        try await world.call("registerUser", ["userId": "u1", "email": "ada@example.com"])
        try await world.call("deleteUser", ["userId": "u1", "customer": "delete"])
        _ = await errorOf { () async throws(ServiceError) in
            try await world.call("syncCustomerWithUser", ["userId": "u1"])
        }
        let made = try await world.stripe.direct(
            .post, "/v1/customers", "email=ada%40example.com&metadata[userId]=u1")["id"]?.string
        world.stripe.script { _ in nil }
        try await world.settle()
        try await expect(try #require(made), .delete, world)
    }

    @Test(
        "A customer that was kept is not the next holder's, whatever its address", arguments: ["", "ada@example.com"])
    func kept(email: String) async throws {
        let world = try await World()
        try await world.call("registerUser", ["userId": "u1", "email": "ada@example.com"])
        let kept = try #require(try await world.user("u1").customerId)
        try await world.call("deleteUser", ["userId": "u1", "customer": "keep"])
        try world.sql("INSERT INTO users (id, email) VALUES ('u1', ?)", [email.isEmpty ? .null : .text(email)])
        try await world.settle()
        #expect(try await world.user("u1").customerId != kept)
        // Unless the host says so.
        let own = try #require(try await world.user("u1").customerId)
        try await world.call("unlinkCustomer", ["userId": "u1", "customerId": .string(own)])
        try await world.call("linkCustomer", ["userId": "u1", "customerId": .string(kept)])
        try await world.settle()
        #expect(try await world.user("u1").customerId == kept)
    }

    @Test("A create answered with what is left of a deleted customer links nothing")
    func stub() async throws {
        var options = FaultyStripe.Options()
        options.answersCreatesWithStubs = true
        let world = try await World(options: options)
        try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'ada@example.com')")
        let unlinked = await errorOf { () async throws(ServiceError) in
            try await world.call("ensureCustomerExists", ["userId": "u1"])
        }
        #expect(unlinked?.kind == .stripeUnavailable)
        #expect(try await world.user("u1").customerId == nil)
        let error = await errorOf { () async throws(ServiceError) in
            try await world.call("createCustomer", ["email": "eve@example.com"])
        }
        #expect(error?.kind == .customerDeleted)
    }

    // MARK: The host's keys

    private func failure(_ world: World, _ method: String, _ params: JSONObject) async -> ServiceError.Kind? {
        await errorOf { () async throws(ServiceError) in try await world.call(method, params, key: "K") }?.kind
    }

    @Test("A registration repeated after its user is gone never answers with who came later", arguments: End.allCases)
    func registration(end: End) async throws {
        let world = try await World()
        let params: JSONObject = ["userId": "u1", "email": "ada@example.com"]
        try await world.call("registerUser", params, key: "K")
        try await self.end(world, end)
        try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'bob@example.com')")
        try await world.settle()
        for _ in 0..<2 { #expect(await failure(world, "registerUser", params) == .userNotFound) }
    }

    @Test("Nor does a create that was cut off", arguments: End.allCases)
    func create(end: End) async throws {
        let world = try await World()
        try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'ada@example.com')")
        let params: JSONObject = ["userId": "u1", "email": "ada@example.com"]
        world.stripe.script { $0.route == .create ? .executedThenClosed : nil }
        #expect(await failure(world, "createCustomer", params) == .stripeUnavailable)
        try await self.end(world, end)
        world.stripe.script { _ in nil }
        try world.sql("INSERT INTO users (id, email, name) VALUES ('u1', 'ada@example.com', 'Bob')")
        try await world.settle()
        for _ in 0..<2 { #expect(await failure(world, "createCustomer", params) == .userNotFound) }
        #expect(try await world.customer(of: "u1")["name"] == "Bob")
    }

    @Test("A user whose id the host changes takes its keys along, and leaves none to the next holder")
    func renamed() async throws {
        let world = try await World()
        let params: JSONObject = ["userId": "u1", "email": "ada@example.com"]
        try await world.call("registerUser", params, key: "K")
        try world.sql("UPDATE users SET id = 'u9'")
        try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'bob@example.com')")
        let answer = try await world.call("registerUser", params, key: "K")
        #expect(answer["user"]?["id"] == "u9" && answer["user"]?["email"] == "ada@example.com")
    }
}
