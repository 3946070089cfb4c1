import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLite
import Synchronization
import TestSupport
import Testing

/// One customer per user, when nobody knows what became of a create.
@Suite("A create whose outcome is unknown")
struct UnknownOutcomeTests {
    private static let day: Milliseconds = 25 * 3_600_000

    private func register(_ world: World, verified: Bool = false) async throws(ServiceError) {
        try await world.call(
            "registerUser",
            ["userId": "u1", "email": "ada@example.com", "name": "Ada", "emailVerified": .bool(verified)])
    }

    @Test("A saved 500 is settled by looking the customer up, at once", arguments: [true, false], [true, false])
    func savedFailure(dropsHeader: Bool, executes: Bool) async throws {
        var options = FaultyStripe.Options()
        options.dropsReplayHeader = dropsHeader
        let world = try await World(options: options)
        let fault: FaultyStripe.Fault = executes ? .executedThenSaved500 : .saved500
        let met = Counter()
        world.stripe.script { $0.route == .create && met.next() == 1 ? fault : nil }
        let start = world.clock.now()
        try await register(world)
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(world.clock.now() - start < 10_000)
    }

    @Test("A look-up that fails never leads to a create")
    func failedLookUp() async throws {
        let world = try await World()
        world.stripe.script { $0.route == .create ? .executedThenClosed : nil }
        try await register(world)
        world.stripe.script { $0.route == .list ? .unsaved500 : nil }
        for _ in 0..<5 {
            await world.worker.drain()
            await world.clock.sleep(120_000)
        }
        #expect(world.stripe.watch.figures.created == 1)
        #expect(try await world.user("u1").customerId == nil)
        world.stripe.script { _ in nil }
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(world.stripe.watch.figures.created == 1)
    }

    @Test("The clock moves past Stripe's 24 hours before the restart", arguments: FaultyStripe.Fault.outages)
    func staleIntent(fault: FaultyStripe.Fault) async throws {
        let world = try await World(timeout: fault == .executedThenStalled ? 700 : 10_000)
        let stalls = Counter()
        world.stripe.script {
            guard $0.route == .create else { return nil }
            return fault == .executedThenStalled && stalls.next() > 1 ? .closed : fault
        }
        try await register(world)
        await world.clock.sleep(Self.day)
        let successor = try await world.afterKill()
        world.stripe.script { _ in nil }
        try await successor.settle()
        try await successor.expectPromises(users: ["u1"])
        #expect(world.stripe.watch.figures.created == 1)
    }

    @Test("Also when the user got another address meanwhile, here and at Stripe")
    func staleIntentOfMovedUser() async throws {
        let world = try await World()
        world.stripe.script { $0.route == .create ? .executedThenClosed : nil }
        try await register(world)
        let made = try #require(try await world.stripe.customers().first?["id"]?.string)
        try await world.stripe.direct(.post, "/v1/customers/" + made, "email=somewhere%40else.example")
        try world.sql("UPDATE users SET email = 'ada@lovelace.example'")
        await world.clock.sleep(Self.day)
        let successor = try await world.afterKill()
        world.stripe.script { _ in nil }
        try await successor.settle()
        try await successor.expectPromises(users: ["u1"])
        #expect(try await successor.user("u1").customerId == made)
    }

    @Test("A user without an address is not found by search for a while, and gets one customer all the same")
    func withoutEmail() async throws {
        var options = FaultyStripe.Options()
        options.searchLag = 3_600_000
        let world = try await World(options: options)
        let met = Counter()
        world.stripe.script { $0.route == .create && met.next() == 1 ? .executedThenSaved500 : nil }
        try world.sql("INSERT INTO users (id, name) VALUES ('u1', 'Ada')")
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(world.stripe.watch.figures.created == 1)
    }

    @Test("A key that Stripe knows with other parameters leads to a new generation")
    func mismatch() async throws {
        let world = try await World()
        world.stripe.script { $0.route == .create ? .executedThenClosed : nil }
        try await register(world)
        try await world.stripe.direct(
            .delete, "/v1/customers/" + (try await world.stripe.customers()[0]["id"]?.string ?? ""))
        // As by a database that was restored from a backup.
        try world.sql("UPDATE create_intents SET fields = json_set(fields, '$.name', 'Eve')")
        world.stripe.script { _ in nil }
        try await world.settle()
        #expect(try await world.stripe.liveCustomers()["u1"]?.count == 1)
        #expect(try await world.user("u1").customerId != nil)
    }

    @Test("A replay of a customer that is dead by now leads to a new generation, not to the dead one")
    func deadReplay() async throws {
        let world = try await World()
        world.stripe.script { $0.route == .create ? .executedThenClosed : nil }
        try await register(world)
        let dead = try #require(try await world.stripe.customers().first?["id"]?.string)
        try await world.stripe.direct(.delete, "/v1/customers/" + dead)
        world.stripe.script { _ in nil }
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(try await world.user("u1").customerId != dead)
    }

    @Test("What the user unset before the answer was known is unset at Stripe")
    func unsetMeanwhile() async throws {
        let world = try await World()
        world.stripe.script { $0.route == .create ? .executedThenClosed : nil }
        try await world.call(
            "registerUser",
            [
                "userId": "u1", "email": "ada@example.com", "name": "Ada", "phone": "+441",
                "metadata": ["plan": "pro", "team": "a"],
            ])
        try world.sql(#"UPDATE users SET phone = NULL, stripe_metadata = '{"team":"a"}'"#)
        world.stripe.script { _ in nil }
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(try await world.customer(of: "u1")["metadata"]?["plan"] == nil)
        #expect(world.stripe.watch.figures.created == 1)
    }

    @Test("The user is deleted while its create is under way", arguments: ["archive", "delete", "keep"])
    func deletedMeanwhile(choice: String) async throws {
        let world = try await World()
        let isDeleted = Counter()
        world.stripe.observe { request, stage in
            if request.route == .create, stage == .executed, isDeleted.next() == 1 {
                blocking { try? await world.call("deleteUser", ["userId": "u1", "customer": .string(choice)]) }
            }
            return true
        }
        try await register(world)
        world.stripe.observe { _, _ in true }
        try await world.settle()
        #expect(try await !world.isUser("u1"))
        let all = try await world.stripe.customers()
        #expect(all.count == (choice == "delete" ? 0 : 1))
        let live = try await world.stripe.liveCustomers()
        #expect((live["u1"] ?? []).count == (choice == "keep" ? 1 : 0))
        #expect(try world.sql("SELECT 1 FROM sync_queue").isEmpty)
        #expect(try await world.store.queueStatus().intents == 0)
    }

    @Test("The user is deleted while nobody knows what became of its create", arguments: FaultyStripe.Fault.outages)
    func deletedInDoubt(fault: FaultyStripe.Fault) async throws {
        let world = try await World(timeout: fault == .executedThenStalled ? 700 : 10_000)
        let met = Counter()
        world.stripe.script { $0.route == .create && met.next() <= 2 ? fault : nil }
        try await register(world)
        try await world.call("deleteUser", ["userId": "u1"])
        try await world.settle()
        try await world.expectPromises(users: [], gone: ["u1"])
        #expect(try world.sql("SELECT 1 FROM sync_queue").isEmpty)
    }

    @Test("A deleted user whose create Stripe refuses leaves nothing behind")
    func deletedAndRefused() async throws {
        let world = try await World()
        world.stripe.script { $0.route == .create ? .closed : nil }
        try await world.call("registerUser", ["userId": "u1", "email": "not-an-address@-"])
        world.stripe.script { _ in nil }
        try await world.call("deleteUser", ["userId": "u1"])
        try await world.settle()
        try await world.expectPromises(users: [], gone: ["u1"])
    }

    @Test(
        "Deleted and registered again: one customer of its own", arguments: ["archive", "delete", "keep"],
        [true, false])
    func registeredAgain(choice: String, linked: Bool) async throws {
        let world = try await World()
        if !linked { world.stripe.script { $0.route == .create ? .executedThenClosed : nil } }
        try await register(world)
        let first = try #require(try await world.stripe.customers().first?["id"])
        try await world.call("deleteUser", ["userId": "u1", "customer": .string(choice)])
        world.stripe.script { _ in nil }
        try await register(world)
        try await world.settle()
        #expect(try await world.customer(of: "u1")["id"] != first)
        // The one that was kept names the former user still.
        let kept = try await world.stripe.liveCustomers()["u1"]?.filter { $0["id"] == first }.count
        #expect(kept == (choice == "keep" ? 1 : 0))
        #expect(world.stripe.watch.figures.created == 2 && world.stripe.watch.violations == [])
        #expect(try await world.store.queueStatus().intents == 0)
    }

    private static let failedLooks =
        FaultyStripe.Fault.operators + [.unsaved500, .html502, .rateLimited, .reset, .executedThenEmptyBody]

    @Test(
        "A look at the customer that a create has made, and that fails, says nothing about the create",
        arguments: failedLooks, [FaultyStripe.Fault.executedThenReset, .executedThenDeletedStub])
    func failedConfirmation(look: FaultyStripe.Fault, answer: FaultyStripe.Fault) async throws {
        let world = try await World()
        try world.sql("INSERT INTO users (id, email, name) VALUES ('u1', 'ada@example.com', 'Ada')")
        let isCreated = Mutex(false)
        world.stripe.script { request in
            switch request.route {
            // The first time; the replay comes through.
            case .create:
                isCreated.withLock { created in
                    defer { created = true }; return created ? nil : answer
                }
            case .retrieve: look
            default: nil
            }
        }
        _ = await errorOf { () async throws(ServiceError) in
            try await world.call("ensureCustomerExists", ["userId": "u1"])
        }
        world.stripe.script { _ in nil }
        await world.clock.sleep(61_000)
        try await world.settle()
        try await world.expectPromises(users: ["u1"], "\(look) \(answer)")
        #expect(try await world.stripe.customers().count == 1)
    }
}
