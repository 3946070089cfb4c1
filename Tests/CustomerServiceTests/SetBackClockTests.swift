import CustomerService
import CustomerStore
import Environment
import Interface
import JSON
import SQLite
import TestSupport
import Testing

/// What the rows look like after the clock went back, or after another program wrote nonsense into them.
@Suite("Times that lie ahead")
struct SetBackClockTests {
    static let ahead: [String] = ["\(FixedClock.start + 3_600_000)", "9223372036854775807"]

    @Test("A queued change whose turn lies too far ahead is carried out now", arguments: ahead)
    func queue(time: String) async throws {
        let world = try await World()
        try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'ada@example.com')")
        try world.sql("UPDATE sync_queue SET not_before = \(time), enqueued_at = \(time)")
        await world.worker.drain()
        try await world.expectPromises(users: ["u1"])
    }

    @Test("What is put back for a moment still waits for it")
    func backoff() async throws {
        let world = try await World()
        try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'ada@example.com')")
        try world.sql("UPDATE sync_queue SET not_before = \(world.clock.now() + Backoff.longest)")
        await world.worker.drain()
        #expect(try await world.store.queueStatus().pending == 1)
    }

    @Test("A disposal whose turn lies too far ahead is carried out now", arguments: ahead)
    func disposals(time: String) async throws {
        let world = try await World()
        try await world.call("registerUser", ["userId": "u1", "email": "ada@example.com"])
        try world.sql("DELETE FROM users")
        try world.sql("UPDATE disposals SET not_before = \(time), requested_at = \(time)")
        await world.worker.drain()
        try await world.expectPromises(users: [], gone: ["u1"])
    }

    @Test("A create whose time lies ahead is settled, and there is one customer", arguments: ahead, [true, false])
    func intents(time: String, isExecuted: Bool) async throws {
        let world = try await World()
        world.stripe.script { $0.route == .create ? (isExecuted ? .executedThenReset : .unsaved500) : nil }
        _ = await errorOf { () async throws(ServiceError) in
            try await world.call("registerUser", ["userId": "u1", "email": "ada@example.com"])
        }
        world.stripe.script { _ in nil }
        try world.sql("UPDATE create_intents SET created_at = \(time)")
        try world.sql("UPDATE sync_queue SET not_before = \(time)")
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
    }

    @Test("The age of what is queued is 0 where its time lies ahead, and never ends the process", arguments: ahead)
    func ages(time: String) async throws {
        let world = try await World()
        try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'ada@example.com')")
        try world.sql("UPDATE sync_queue SET enqueued_at = \(time)")
        #expect(try await world.call("health", [:])["queue"]?["oldestAgeMs"] == 0)
        try world.sql("UPDATE sync_queue SET enqueued_at = -9223372036854775808")
        #expect(try await world.call("getSyncStatus", [:])["oldestAgeMs"]?.int64 == .max)
    }

    @Test("A create whose key ran out while the process was stopped is not sent")
    func forgottenCreate() async throws {
        let world = try await World()
        let (looked, created) = (Counter(), Counter())
        world.stripe.observe { request, stage in
            if request.route == .create, stage == .received { _ = created.next() }
            // The process sleeps between the look-up and the create.
            if request.route == .list, stage == .executed, looked.next() == 1 {
                blocking { await world.clock.sleep(23 * 3_600_000) }
            }
            return true
        }
        try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'ada@example.com')")
        let error = await errorOf { () async throws(ServiceError) in
            try await world.call("ensureCustomerExists", ["userId": "u1"])
        }
        #expect(error?.kind == .stripeUnavailable && error?.retryable == true)
        #expect(created.value == 0)
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(created.value == 1)
    }
}
