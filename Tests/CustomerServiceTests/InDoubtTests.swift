import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLite
import TestSupport
import Testing

/// While nobody knows whether an update was carried out, its fields are unknown: neither the same nor unset.
@Suite("An update whose outcome is unknown, and what comes from Stripe meanwhile")
struct InDoubtTests {
    private static let outcomes: [FaultyStripe.Fault] = [.executedThenClosed, .closed]

    /// A user with a customer, in step, whose change by `sql` was sent without an answer.
    private func world(_ change: String, _ fault: FaultyStripe.Fault) async throws -> World {
        let world = try await World(wins: ["name", "phone"])
        try await world.call(
            "registerUser",
            [
                "userId": "u1", "email": "u1@example.com", "name": "Ada",
                "metadata": ["plan": "pro", "team": "a"],
            ])
        await world.clock.sleep(3_600_000)
        try world.sql("UPDATE users SET \(change)")
        world.stripe.script { $0.route == .update ? fault : nil }
        await world.worker.drain()
        #expect(try await world.store.queueStatus().pending == 1)
        world.stripe.script { _ in nil }
        await world.clock.sleep(61_000)
        return world
    }

    private func edit(_ world: World, _ form: String) async throws {
        let id = try await world.user("u1").customerId ?? ""
        try await world.stripe.direct(.post, "/v1/customers/" + id, form)
    }

    private func edits(_ world: World) throws -> String? {
        try world.sql("SELECT edits FROM synced_profiles").first?.text(0)
    }

    private func poller(_ world: World) -> EventPoller { EventPoller(service: world.service, interval: 1) }

    @Test(
        "An event neither brings back what the user unset nor goes over what it changed",
        arguments: ["name = NULL", "name = 'Grace'", "name = NULL, phone = '7'"], outcomes)
    func event(change: String, fault: FaultyStripe.Fault) async throws {
        let world = try await world(change, fault)
        let before = try await world.user("u1")
        _ = try await poller(world).poll()
        try await edit(world, "description=vip")
        try await edit(world, "metadata[crm]=7")
        let asked = world.stripe.requestCount
        _ = try await poller(world).poll()
        // What is known does not tell what the customer is.
        #expect(world.stripe.requestCount > asked + 2)
        let user = try await world.user("u1")
        #expect(user.name == before.name && user.phone == before.phone)
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(try edits(world) == "{}")
    }

    @Test("An edit of the very field at Stripe wins over the change only if Stripe had that first", arguments: outcomes)
    func sameField(fault: FaultyStripe.Fault) async throws {
        let world = try await world("name = NULL", fault)
        _ = try await poller(world).poll()
        try await edit(world, "name=Edited")
        _ = try await poller(world).poll()
        #expect(try await world.user("u1").name == (fault.executes ? "Edited" : nil))
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(try edits(world) == "{}")
        #expect(found(try await world.call("reconcile", [:])).isEmpty)
    }

    @Test("An edit that was known before is not what Stripe is taken to have", arguments: outcomes)
    func knownEdit(fault: FaultyStripe.Fault) async throws {
        let world = try await World()
        try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com", "name": "Ada"])
        _ = try await poller(world).poll()
        await world.clock.sleep(3_600_000)
        try await edit(world, "name=Edited")
        _ = try await poller(world).poll()
        #expect(try edits(world) == #"{"name":"Edited"}"#)
        try world.sql("UPDATE users SET name = NULL")
        world.stripe.script { $0.route == .update ? fault : nil }
        await world.worker.drain()
        world.stripe.script { _ in nil }
        await world.clock.sleep(3_600_000)
        try await edit(world, "phone=7")
        let asked = world.stripe.requestCount
        _ = try await poller(world).poll()
        // The change again, and what came of it.
        #expect(world.stripe.requestCount == asked + 3)
        try await world.settle()
        #expect(try await world.customer(of: "u1")["name"]?.string == nil)
        #expect(try edits(world) == #"{"phone":"7"}"#)
    }

    @Test(
        "While Stripe fails, news waits for the outcome; refused for good, the change stays the user's",
        arguments: outcomes)
    func unsettled(fault: FaultyStripe.Fault) async throws {
        var options = FaultyStripe.Options()
        options.refusedEmails = ["u2@example.com"]
        let world = try await World(options: options, wins: ["name", "email", "phone"])
        try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com", "name": "Ada"])
        await world.clock.sleep(61_000)
        _ = try await poller(world).poll()
        try world.sql("UPDATE users SET name = NULL")
        world.stripe.script { $0.route == .update ? fault : nil }
        await world.worker.drain()
        await world.clock.sleep(61_000)
        try await edit(world, "phone=7")
        let error = await errorOf { () throws(ServiceError) in try await poller(world).poll() }
        #expect(error?.retryable == true)
        #expect(try await world.user("u1").phone == nil)
        world.stripe.script { _ in nil }
        // With an address that Stripe does not take, the change can't be sent at all.
        try world.sql("UPDATE users SET email = 'u2@example.com'")
        _ = try await poller(world).poll()
        let user = try await world.user("u1")
        #expect(user.name == nil && user.phone == "7" && user.email == "u2@example.com")
    }

    @Test(
        "Reconcile reports what Stripe does not have, and fix sends it",
        arguments: [
            ("name = NULL", "name"), ("name = 'Grace'", "name"), ("phone = '7'", "phone"),
            (#"stripe_metadata = '{"plan":"free","team":"a"}'"#, "metadata.plan"),
            (#"stripe_metadata = '{"team":"a"}'"#, "metadata.plan"),
        ], outcomes)
    func reconcile(change: (sql: String, field: String), fault: FaultyStripe.Fault) async throws {
        let world = try await world(change.sql, fault)
        let before = try await world.user("u1")
        let id = try #require(before.customerId)
        let drift: Set<String> = fault.executes ? [] : ["drift u1 \(id) \(change.field)"]
        #expect(found(try await world.call("reconcile", [:])) == drift)
        let report = try await world.call("reconcile", ["fix": true])
        #expect(found(report) == drift && report["fixed"]?.int64 == Int64(drift.count))
        let user = try await world.user("u1")
        #expect(user.name == before.name && user.phone == before.phone)
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(found(try await world.call("reconcile", [:])).isEmpty)
        #expect(try await world.customer(of: "u1")["metadata"]?["plan"]?.string == user.metadata["plan"]?.string)
        #expect(try edits(world) == "{}")
    }
}
