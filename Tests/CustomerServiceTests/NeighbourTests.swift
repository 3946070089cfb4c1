import CustomerService
import CustomerStore
import Environment
import Interface
import JSON
import SQLite
import Synchronization
import TestSupport
import Testing

/// Several processes on one database; here each has its own store, owner and connection pool.
@Suite("Several processes on one database")
struct NeighbourTests {
    private static let users = (1...20).map { "u\($0)" }

    @Test("Concurrent ensures of the same users make one customer each", arguments: [1, 2, 3])
    func concurrentEnsures(run: Int) async throws {
        var options = FaultyStripe.Options()
        options.latencyMilliseconds = 10
        // Running workers need time that passes.
        let one = try await World(clock: SystemClock(), options: options)
        let two = try await one.neighbour()
        for id in Self.users {
            try one.sql("INSERT INTO users (id, email) VALUES (?, ? || '@example.com')", [.text(id), .text(id)])
        }
        let leases = [one, two].map { world in Task { await world.worker.keepLeases() } }
        defer { for task in leases { task.cancel() } }
        let workers = [one, two].map { world in Task { await world.worker.run() } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for world in [one, two] {
                for id in Self.users {
                    for _ in 0..<2 {
                        group.addTask { try await world.call("ensureCustomerExists", ["userId": .string(id)]) }
                    }
                }
            }
            try await group.waitForAll()
        }
        for world in [one, two] { world.worker.stop() }
        for worker in workers { await worker.value }
        try await one.settle()
        try await one.expectPromises(users: Self.users)
        #expect(one.stripe.watch.figures.created == Self.users.count)
    }

    @Test("Calls for one user in one process share one flight")
    func oneFlight() async throws {
        let world = try await World()
        try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'ada@example.com')")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { try await world.call("ensureCustomerExists", ["userId": "u1"]) } }
            try await group.waitForAll()
        }
        #expect(world.stripe.requestCount == 3, "a list, a search and one create")
    }

    @Test("One customer is changed by one call at a time: syncs, updates, archiving, from two processes")
    func oneMutationAtATime() async throws {
        var options = FaultyStripe.Options()
        options.latencyMilliseconds = 8
        let one = try await World(options: options)
        let two = try await one.neighbour()
        // A busy machine may take longer than the eight seconds after which a silent process counts as dead.
        let leases = [one, two].map { world in Task { await world.worker.keepLeases() } }
        defer { for task in leases { task.cancel() } }
        try await one.call("registerUser", ["userId": "u1", "email": "ada@example.com"])
        let id = JSONValue.string(try #require(try await one.user("u1").customerId))
        await withTaskGroup(of: Void.self) { group in
            for (index, world) in [one, two].enumerated() {
                for round in 0..<6 {
                    group.addTask {
                        _ = try? await world.call("updateUser", ["userId": "u1", "name": .string("\(index) \(round)")])
                    }
                    group.addTask {
                        _ = try? await world.call(
                            "updateCustomer", ["customerId": id, "description": .string("\(round)")])
                    }
                    group.addTask { _ = try? await world.call("archiveCustomer", ["customerId": id]) }
                    group.addTask { _ = try? await world.call("restoreCustomer", ["customerId": id]) }
                }
            }
        }
        try await one.call("restoreCustomer", ["customerId": id])
        try await one.settle()
        try await one.expectPromises(users: ["u1"])
    }

    /// `unlinkCustomer` is not among them: it waits for the lease that a sync holds.
    private static let departures: [@Sendable (World) async throws -> Void] = [
        { try await $0.call("deleteUser", ["userId": "u1", "customer": "archive"]) },
        { try await $0.call("deleteUser", ["userId": "u1", "customer": "keep"]) },
        { try await $0.call("eraseUser", ["userId": "u1"]) },
        { try $0.sql("DELETE FROM users") },
        { world in
            let id = try await world.user("u1").customerId
            try await world.call("archiveCustomer", ["customerId": id.map { .string($0) } ?? .null])
        },
    ]

    @Test(
        "Of a user that another process deletes or archives while its customer is looked at nothing is sent",
        arguments: departures.indices)
    func departed(_ departure: Int) async throws {
        let one = try await World()
        let two = try await one.neighbour()
        try await one.call("registerUser", ["userId": "u1", "email": "ada@example.com"])
        let id = try #require(try await one.user("u1").customerId)
        try one.sql("UPDATE users SET name = 'Ada'")
        let looked = Gate()
        let departed = Gate()
        let begun = Mutex(false)
        one.stripe.observe { request, stage in
            let isFirstLook = begun.withLock { begun in
                guard stage == .received, request.route == .retrieve, !begun else { return false }
                begun = true
                return true
            }
            if isFirstLook {
                looked.open()
                departed.wait()
            }
            return true
        }
        let sync = Task { try await one.call("syncCustomerWithUser", ["userId": "u1"]) }
        try await until("the look at the customer") { looked.isOpen }
        try await Self.departures[departure](two)
        departed.open()
        _ = try? await sync.value
        try await two.settle()
        let customer = try await one.stripe.customers().first { $0["id"]?.string == id }
        #expect(customer?["name"]?.string != "Ada", "\(customer ?? [:])")
    }

    @Test("A killed owner's lease is taken over, and its create is carried on under its own key")
    func takenOver() async throws {
        let one = try await World()
        try one.sql("INSERT INTO users (id, email) VALUES ('u1', 'ada@example.com')")
        // As a process leaves it that is killed right after the commit.
        let claim = try await one.store.claim("u1", at: one.clock.now()) { user in
            IntentDraft(
                idempotencyKey: "create-of-the-killed", fields: ProfileFields.createFields(for: user, app: nil))
        }
        #expect(claim?.intent != nil)
        let two = try await one.neighbour()
        #expect(
            try await two.store.dueUsers(at: two.clock.now(), latest: .max, limit: 10).isEmpty, "its owner still lives")
        let successor = try await one.afterKill()
        try await successor.settle()
        try await successor.expectPromises(users: ["u1"])
        let intents = try one.sql("SELECT idempotency_key FROM create_intents")
        #expect(intents.map { $0.text(0) } == ["create-of-the-killed"])
    }

    @Test("A process whose lease was taken over while Stripe answered does not undo what its successor did")
    func leaseLost() async throws {
        let one = try await World()
        try await one.call("registerUser", ["userId": "u1", "email": "ada@example.com", "name": "First"])
        let taken = Counter()
        one.stripe.observe { request, stage in
            if request.route == .update, stage == .executed, taken.next() == 1 {
                blocking {
                    let successor = try? await one.afterKill()
                    _ = try? await successor?.call("updateUser", ["userId": "u1", "name": "Third"])
                }
            }
            return true
        }
        _ = await errorOf { () async throws(ServiceError) in
            try await one.call("updateUser", ["userId": "u1", "name": "Second"])
        }
        one.stripe.observe { _, _ in true }
        let successor = try await one.afterKill()
        try await successor.settle()
        try await successor.expectPromises(users: ["u1"])
        #expect(try await successor.user("u1").name == "Third")
    }
}
