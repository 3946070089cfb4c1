import CustomerService
import CustomerStore
import HTTP
import Interface
import JSON
import TestSupport
import Testing

/// A link to a customer that there is only in Stripe's other mode: a sign that database and key don't belong together, so
/// nothing is made, unlinked or repaired on the strength of it.
@Suite("Customers in the wrong mode")
struct WrongModeTests {
    /// `u1` has a customer of live mode, `u2` one of this mode.
    private func world() async throws -> World {
        var options = FaultyStripe.Options()
        options.otherMode = ["cus_live"]
        let world = try await World(options: options)
        try await world.call("registerUser", ["userId": "u2", "email": "u2@example.com"])
        try world.sql(
            "INSERT INTO users (id, email, stripe_customer_id) VALUES ('u1', 'u1@example.com', 'cus_live')")
        return world
    }

    @Test("Reconcile finds the link, names what to do, and leaves it also with fix", arguments: [false, true])
    func link(fix: Bool) async throws {
        let world = try await world()
        let report = try await world.call("reconcile", ["fix": .bool(fix)])
        #expect(found(report) == ["wrong_mode u1 cus_live"])
        #expect(report["counts"]?["wrong_mode"]?.int64 == 1 && report["fixed"]?.int64 == 0)
        #expect(report["findings"]?.array?.first?["action"]?.string?.contains("check the key") == true)
        #expect(try await world.user("u1").customerId == "cus_live")
        #expect(try await world.stripe.customers().count == 1)
    }

    @Test("A customer of this mode that names the user is what an unlink leads to, not a duplicate to be archived")
    func other() async throws {
        let world = try await world()
        let form = "email=u1@example.com&metadata[userId]=u1"
        let here = try await world.stripe.direct(.post, "/v1/customers", form)["id"]?.string
        let report = try await world.call("reconcile", ["fix": true])
        #expect(found(report) == ["wrong_mode u1 cus_live"])
        let other = try #require(here)
        #expect(report["findings"]?.array?.first?["action"]?.string?.contains("linkCustomer \(other)") == true)
        try await world.call("unlinkCustomer", ["userId": "u1", "customerId": "cus_live"])
        try await world.call("linkCustomer", ["userId": "u1", "customerId": .string(other)])
        try await world.settle()
        #expect(found(try await world.call("reconcile", [:])).isEmpty)
    }

    @Test("Of several in this mode the one to keep is named beside it")
    func others() async throws {
        let world = try await world()
        for _ in 0..<2 {
            try await world.stripe.direct(.post, "/v1/customers", "email=u1@example.com&metadata[userId]=u1")
        }
        let report = try await world.call("reconcile", [:])
        #expect(report["counts"]?["wrong_mode"]?.int64 == 1 && report["counts"]?["duplicate"]?.int64 == 1)
        let duplicate = try #require(report["findings"]?.array?.first { $0["kind"]?.string == "duplicate" })
        #expect(duplicate["candidates"]?.array?.count == 2)
        #expect(duplicate["candidates"]?.array?.contains("cus_live") == false)
    }

    @Test(
        "No sync takes such a customer for deleted",
        arguments: ["ensureCustomerExists", "syncCustomerWithUser", "queue"])
    func sync(way: String) async throws {
        let world = try await world()
        switch way {
        case "queue": await world.worker.drain()
        case "ensureCustomerExists":
            let error = await errorOf { () throws(ServiceError) in
                try await world.call(way, ["userId": "u1", "verify": true])
            }
            #expect(error?.kind == .customerNotFound && error?.retryable == false)
        default:
            let error = await errorOf { () throws(ServiceError) in try await world.call(way, ["userId": "u1"]) }
            #expect(error?.kind == .customerNotFound && error?.retryable == false)
        }
        #expect(try await world.user("u1").customerId == "cus_live")
        #expect(try await world.stripe.customers().count == 1)
        // It can't succeed until the user or the key changes.
        #expect(try await world.store.queueStatus().parked == 1)
    }

    @Test("A customer that Stripe lists with the other mode's mark is one too")
    func mark() async throws {
        let bench = try await WebhookBench(isLive: true)
        let id = try await bench.register("u1")
        #expect(found(try await bench.call("reconcile", ["fix": true])) == ["wrong_mode u1 \(id)"])
        #expect(try await bench.user("u1").customerId == id)
    }
}
