import CustomerService
import CustomerStore
import HTTP
import Interface
import JSON
import TestSupport
import Testing

/// Whose customer is whose: by link, by metadata, by an address that the host vouches for, and never otherwise.
@Suite("Customers that exist already")
struct AdoptionTests {
    private func register(_ world: World, verified: Bool) async throws -> JSONValue {
        try await world.call(
            "registerUser", ["userId": "u1", "email": "ada@example.com", "emailVerified": .bool(verified)])
    }

    private func existing(_ world: World, _ form: String = "email=ada%40example.com") async throws -> String {
        try #require(try await world.stripe.direct(.post, "/v1/customers", form)["id"]?.string)
    }

    @Test("A verified address adopts the customer that nobody owns")
    func verified() async throws {
        let world = try await World()
        let id = try await existing(world, "email=ada%40example.com&phone=%2B449")
        let answer = try await register(world, verified: true)
        #expect(answer["customerId"]?.string == id)
        #expect(answer["sync"]?["outcome"]?.string == "relinked")
        let customer = try await world.customer(of: "u1")
        #expect(customer["metadata"]?["userId"]?.string == "u1")
        #expect(customer["phone"]?.string == "+449", "where the user has nothing to say Stripe's value stays")
        #expect(try await world.stripe.customers().count == 1)
    }

    @Test(
        "An address is another's unless they differ in the case of ASCII letters only",
        arguments: [
            ("\u{212A}ate@example.com", "kate%40example.com", false),
            ("kate@example.com", "%E2%84%AAate%40example.com", false),
            ("jo@example.com", "Jo%40Example.COM", true), ("JO@example.com", "jo%40example.com", true),
            ("JO@example.com", "Jo%40example.com", true), ("\u{E9}@example.com", "%C3%89%40example.com", false),
        ])
    func addressCase(email: String, atStripe: String, isSame: Bool) async throws {
        let world = try await World()
        let id = try await existing(world, "email=" + atStripe)
        let answer = try await world.call(
            "registerUser", ["userId": "u1", "email": .string(email), "emailVerified": true])
        #expect((answer["customerId"]?.string == id) == isSame)
        #expect(answer["sync"]?["state"] == "synced")
        #expect(try await world.stripe.customers().count == (isSame ? 1 : 2))
    }

    @Test("Where search isn't offered, the spellings that the list finds are adopted, and no other")
    func withoutSearch() async throws {
        var options = FaultyStripe.Options()
        options.offersSearch = false
        let world = try await World(options: options)
        let id = try await existing(world, "email=jo%40example.com")
        let answer = try await world.call(
            "registerUser", ["userId": "u1", "email": "JO@example.com", "emailVerified": true])
        #expect(answer["customerId"]?.string == id)
    }

    @Test(
        "A search that fails leads neither to a link nor to a create",
        arguments: [
            FaultyStripe.Fault.unsaved500, .executedThenMixedUp, .executedThenEmptyBody,
        ])
    func failingSearch(fault: FaultyStripe.Fault) async throws {
        let world = try await World()
        try await world.stripe.direct(.post, "/v1/customers", "email=else%40example.com&metadata[userId]=u1")
        world.stripe.script { $0.route == .search ? fault : nil }
        let answer = try await register(world, verified: true)
        #expect(answer["sync"]?["error"]?["type"] == "stripe_unavailable")
        #expect(try await world.stripe.customers().count == 1)
        #expect(try await world.user("u1").customerId == nil)
    }

    @Test("An answer about another customer is no customer to link", arguments: [FaultyStripe.Route.retrieve, .list])
    func mixedUp(route: FaultyStripe.Route) async throws {
        let world = try await World()
        let id = try await existing(world)
        world.stripe.script { $0.route == route ? .executedThenMixedUp : nil }
        let answer = try await register(world, verified: true)
        #expect(answer["sync"]?["error"]?["type"] == "stripe_unavailable")
        #expect(try await world.user("u1").customerId == nil)
        if route == .retrieve {
            let error = await errorOf { () async throws(ServiceError) in
                try await world.call("linkCustomer", ["userId": "u1", "customerId": .string(id)])
            }
            #expect(error?.kind == .stripeUnavailable)
        }
        world.stripe.script { _ in nil }
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
    }

    @Test("An address that is only claimed never does: that would hand over somebody's cards")
    func unverified() async throws {
        let world = try await World()
        let id = try await existing(world)
        let answer = try await register(world, verified: false)
        #expect(answer["customerId"]?.string != id)
        try await world.expectPromises(users: ["u1"])
    }

    @Test("Nor does a verified one take what another user owns", arguments: ["metadata", "link"])
    func owned(how: String) async throws {
        let world = try await World()
        let form = "email=ada%40example.com"
        let id = try await existing(world, how == "metadata" ? form + "&metadata[userId]=other" : form)
        if how == "link" {
            try await world.call("registerUser", ["userId": "other", "email": "other@example.com"])
            let first = try #require(try await world.user("other").customerId)
            try await world.call("unlinkCustomer", ["userId": "other", "customerId": .string(first)])
            try await world.call("linkCustomer", ["userId": "other", "customerId": .string(id)])
        }
        let answer = try await register(world, verified: true)
        #expect(answer["customerId"]?.string != nil)
        #expect(answer["customerId"]?.string != id)
    }

    @Test("A customer without room for the mark is not linked, is named, and is once there is room")
    func fullMetadata() async throws {
        let world = try await World()
        let keys = (1...50).map { "&metadata[k\($0)]=x" }.joined()
        let id = try await existing(world, "email=ada%40example.com" + keys)
        let answer = try await register(world, verified: true)
        #expect(answer["sync"]?["state"] == "parked" && answer["sync"]?["error"]?["candidates"] == [.string(id)])
        #expect(answer["sync"]?["error"]?["type"] == "customer_already_exists")
        #expect(answer["customerId"]?.string == nil)
        #expect(try await world.user("u1").customerId == nil)
        #expect(try await world.stripe.customers().count == 1)
        try await world.call("updateCustomer", ["customerId": .string(id), "metadata": ["k1": .null]])
        let ensured = try await world.call("ensureCustomerExists", ["userId": "u1", "emailVerified": true])
        #expect(ensured["customerId"]?.string == id)
    }

    @Test("What fails after the link does not hide the link")
    func linkedThenFailed() async throws {
        let world = try await World()
        let id = try await existing(world)
        world.stripe.script { $0.route == .update ? .unsaved500 : nil }
        let answer = try await register(world, verified: true)
        #expect(answer["sync"]?["state"] == "pending")
        #expect(answer["customerId"]?.string == id && answer["user"]?["customerId"]?.string == id)
    }

    @Test("Several are ambiguous; the candidates are named, and linkCustomer settles it", arguments: [true, false])
    func ambiguous(killed: Bool) async throws {
        let first = try await World()
        let ids = Set([try await existing(first), try await existing(first)])
        let answer = try await register(first, verified: true)
        #expect(answer["sync"]?["state"]?.string == "parked")
        let candidates = answer["sync"]?["error"]?["candidates"]?.array?.compactMap(\.string) ?? []
        #expect(Set(candidates) == ids)
        #expect(try await first.stripe.customers().count == 2)

        let world = killed ? try await first.afterKill() : first
        let error = await errorOf { () async throws(ServiceError) in
            try await world.call("ensureCustomerExists", ["userId": "u1", "emailVerified": true])
        }
        #expect(error?.kind == .ambiguousCustomer)
        try await world.call("linkCustomer", ["userId": "u1", "customerId": .string(candidates[0])])
        try await world.settle()
        #expect(try await world.user("u1").customerId == candidates[0])
        #expect(try await world.customer(of: "u1")["metadata"]?["userId"]?.string == "u1")
        #expect(try await world.stripe.customers().count == 2)
        #expect(try await world.store.queueStatus().parked == 0)
    }

    @Test("An ambiguous create that a kill left behind does not stand in the way of a customer linked by hand")
    func ambiguousAfterKill() async throws {
        let first = try await World()
        let candidate = try await existing(first)
        _ = try await existing(first)
        first.stripe.script { _ in .closed }
        _ = try await register(first, verified: true)
        let world = try await first.afterKill()
        world.stripe.script { _ in nil }
        try await world.call("linkCustomer", ["userId": "u1", "customerId": .string(candidate)])
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(try await world.user("u1").customerId == candidate)
    }

    @Test("A customer that was taken away is not adopted again; linked again it is as before")
    func unlinkAndLink() async throws {
        let world = try await World()
        _ = try await register(world, verified: true)
        let id = try #require(try await world.user("u1").customerId)
        try await world.call("unlinkCustomer", ["userId": "u1", "customerId": .string(id)])
        try await world.settle()
        #expect(try await world.user("u1").customerId == nil)
        let answer = try await world.call("ensureCustomerExists", ["userId": "u1", "emailVerified": true])
        let second = try #require(answer["customerId"]?.string)
        #expect(second != id)
        try await world.call("unlinkCustomer", ["userId": "u1", "customerId": .string(second)])
        try await world.call("linkCustomer", ["userId": "u1", "customerId": .string(id)])
        try await world.call("updateUser", ["userId": "u1", "name": "Ada"])
        try await world.settle()
        #expect(try await world.user("u1").customerId == id)
        #expect(try await world.customer(of: "u1")["name"]?.string == "Ada")
    }

    @Test("A customer that is linked by hand while a create is in doubt: the one that was made goes")
    func linkedInDoubt() async throws {
        let world = try await World()
        world.stripe.script { $0.route == .create ? .executedThenClosed : nil }
        _ = try await register(world, verified: false)
        world.stripe.script { _ in nil }
        let id = try await existing(world)
        try await world.call("linkCustomer", ["userId": "u1", "customerId": .string(id)])
        try await world.settle()
        #expect(try await world.user("u1").customerId == id)
        try await world.expectPromises(users: ["u1"])
    }

    @Test("A customer that waits for its archiving and is linked to another user stays")
    func linkedBeforeArchived() async throws {
        let world = try await World()
        _ = try await register(world, verified: false)
        let id = try #require(try await world.user("u1").customerId)
        world.stripe.script { $0.route == .update ? .closed : nil }
        try await world.call("deleteUser", ["userId": "u1"])
        world.stripe.script { _ in nil }
        try world.sql("INSERT INTO users (id, email) VALUES ('u2', 'ada@example.com')")
        try await world.call("linkCustomer", ["userId": "u2", "customerId": .string(id)])
        try await world.settle()
        try await world.expectPromises(users: ["u2"])
        #expect(try await world.user("u2").customerId == id)
    }
}
