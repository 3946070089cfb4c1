import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLite
import TestSupport
import Testing

@testable import CustomerService

/// No lost change and no clobbering.
@Suite("A user's changes and Stripe")
struct ChangeTests {
    @Test("An update can't bring a user's metadata to more than Stripe takes, and can bring it back from there")
    func tooMuchMetadata() async throws {
        let world = try await World()
        func keys(_ range: Range<Int>) -> JSONValue {
            .object(JSONObject(range.map { JSONObject.Member("k\($0)", "v") }))
        }
        _ = try await world.call(
            "registerUser", ["userId": "u1", "email": "u1@example.com", "metadata": keys(0..<49)])
        let error = await errorOf { () throws(ServiceError) in
            try await world.call("updateUser", ["userId": "u1", "metadata": ["k49": "v"]])
        }
        #expect(error?.kind == .invalidParams)
        #expect(error?.details["violations"]?.array?.first?["instanceLocation"] == "/metadata")
        #expect(try await world.user("u1").metadata.count == 49)
        _ = try await world.call("updateUser", ["userId": "u1", "metadata": ["k0": .null, "k49": "v", "k1": "w"]])

        // What another program has written is no reason to refuse a step in the right direction.
        let much = JSONValue.object(JSONObject((0..<60).map { JSONObject.Member("m\($0)", "v") }))
        _ = try world.sql("UPDATE users SET stripe_metadata = ? WHERE id = 'u1'", [.text(much.description)])
        _ = try await world.call("updateUser", ["userId": "u1", "metadata": ["m0": .null]])
        #expect(try await world.user("u1").metadata.count == 59)
    }

    @Test("A customer whose metadata has no room for the user's id is not linked")
    func noRoomForUserID() async throws {
        let world = try await World()
        _ = try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com"])
        let own = try #require(try await world.user("u1").customerId)
        _ = try await world.call("unlinkCustomer", ["userId": "u1", "customerId": .string(own)])
        let keys = JSONObject((0..<50).map { JSONObject.Member("k\($0)", "v") })
        let full = try await world.call(
            "createCustomer", ["email": "full@example.com", "metadata": .object(keys)])
        let error = await errorOf { () throws(ServiceError) in
            try await world.call("linkCustomer", ["userId": "u1", "customerId": full["id"] ?? .null])
        }
        #expect(error?.kind == .invalidParams)
        #expect(error?.details["violations"]?.array?.first?["instanceLocation"] == "/customerId")
    }

    @Test("An empty text in a user's metadata, which Stripe can't hold, is as good as none")
    func emptyMetadata() async throws {
        let world = try await World()
        _ = try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com", "metadata": ["a": "1"]])
        _ = try world.sql(
            "UPDATE users SET stripe_metadata = ? WHERE id = 'u1'", [.text(#"{"a":"","b":"2"}"#)])
        try await world.settle()
        #expect(try await world.customer(of: "u1")["metadata"] == ["userId": "u1", "b": "2"])
        #expect(try await world.user("u1").metadata == ["b": "2"])
    }

    private func registered(_ world: World) async throws {
        try await world.call(
            "registerUser", ["userId": "u1", "email": "ada@example.com", "name": "Ada", "phone": "+441"])
    }

    @Test("Only what differs is sent; an edit at Stripe to another field stays")
    func fieldLevel() async throws {
        let world = try await World()
        try await registered(world)
        let id = try #require(try await world.user("u1").customerId)
        try await world.stripe.direct(.post, "/v1/customers/" + id, "name=Countess&description=vip&metadata[crm]=7")
        try await world.call("updateUser", ["userId": "u1", "phone": "+442"])
        let customer = try await world.customer(of: "u1")
        #expect(customer["name"]?.string == "Countess")
        #expect(customer["description"]?.string == "vip")
        #expect(customer["metadata"]?["crm"]?.string == "7")
        #expect(customer["phone"]?.string == "+442")
    }

    @Test("Null unsets, and a change that changes nothing sends nothing")
    func unsetAndUnchanged() async throws {
        let world = try await World()
        try await registered(world)
        let unset: JSONValue = try JSONValue(parsing: Array(#"{"userId":"u1","phone":null}"#.utf8))
        try await world.call("updateUser", unset.object ?? [:])
        #expect(try await world.customer(of: "u1")["phone"]?.isNull == true)
        world.stripe.script { _ in nil }
        let result = try await world.call("syncCustomerWithUser", ["userId": "u1"])
        #expect(result["outcome"]?.string == "unchanged")
        try await world.call("updateUser", ["userId": "u1", "name": "Ada"])
        // The look whether the customer lives.
        #expect(world.stripe.requestCount == 1)
    }

    @Test(
        "A change that is taken back while its outcome is unknown reaches Stripe",
        arguments: [
            FaultyStripe.Fault.executedThenClosed, .executedThenSaved500, .executedThenHTML502, .executedThenTruncated,
        ])
    func takenBack(fault: FaultyStripe.Fault) async throws {
        let world = try await World()
        try await registered(world)
        world.stripe.script { $0.route == .update ? fault : nil }
        try await world.call("updateUser", ["userId": "u1", "name": "Eve", "metadata": ["plan": "pro"]])
        #expect(try await world.customer(of: "u1")["name"]?.string == "Eve")
        try world.sql("UPDATE users SET name = 'Ada', stripe_metadata = NULL")
        world.stripe.script { _ in nil }
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(try await world.customer(of: "u1")["metadata"]?["plan"] == nil)
    }

    @Test("A refused change that is taken back leaves an edit at Stripe alone")
    func refusedAndTakenBack() async throws {
        var options = FaultyStripe.Options()
        options.refusedEmails = ["bad@example.com"]
        let world = try await World(options: options)
        try await registered(world)
        let id = try #require(try await world.user("u1").customerId)
        try await world.call("updateUser", ["userId": "u1", "email": "bad@example.com"])
        try await world.stripe.direct(.post, "/v1/customers/" + id, "email=edited%40example.com")
        try await world.call("updateUser", ["userId": "u1", "email": "ada@example.com"])
        #expect(try await world.customer(of: "u1")["email"]?.string == "edited@example.com")
        #expect(try await world.store.queueStatus().parked == 0)
    }

    @Test("A change made while another is being sent is sent after it", arguments: FaultyStripe.Fault.outages)
    func changedMeanwhile(fault: FaultyStripe.Fault) async throws {
        let world = try await World(timeout: fault == .executedThenStalled ? 700 : 10_000)
        try await registered(world)
        let met = Counter()
        world.stripe.script { $0.route == .update && met.next() == 1 ? fault : nil }
        let changed = Counter()
        world.stripe.observe { request, stage in
            if request.route == .update, stage == .received, changed.next() == 1 {
                _ = try? world.sql("UPDATE users SET name = 'Third'")
            }
            return true
        }
        try await world.call("updateUser", ["userId": "u1", "name": "Second"])
        world.stripe.observe { _, _ in true }
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(try await world.user("u1").name == "Third")
    }

    @Test("A key that Stripe knows with another body, and a change in between: nothing is lost")
    func mismatchedUpdate() async throws {
        let world = try await World()
        try await registered(world)
        world.stripe.script { $0.route == .update ? .executedThenClosed : nil }
        try await world.call("updateUser", ["userId": "u1", "name": "Second"])
        // The same change with another body, as after a restored backup.
        try world.sql("UPDATE synced_profiles SET profile = json_set(profile, '$.phone', '+449')")
        let changed = Counter()
        world.stripe.script { _ in nil }
        world.stripe.observe { request, stage in
            if request.route == .update, stage == .executed, changed.next() == 1 {
                _ = try? world.sql("UPDATE users SET name = 'Third'")
            }
            return true
        }
        try await world.settle()
        let live = try await world.stripe.liveCustomers()["u1"]
        #expect(live?.count == 1)
        #expect(live?.first?["name"]?.string == "Third")
        #expect(live?.first?["phone"]?.string == "+441")
    }

    @Test(
        "A customer that was deleted at Stripe is noticed, and the user gets a new one",
        arguments: ["update", "verify", "sync"])
    func deletedLink(by what: String) async throws {
        let world = try await World()
        try await registered(world)
        let dead = try #require(try await world.user("u1").customerId)
        try await world.stripe.direct(.delete, "/v1/customers/" + dead)
        if what == "update" {
            let answer = try await world.call("updateUser", ["userId": "u1", "name": "Ada King"])
            #expect(answer["sync"]?["outcome"]?.string == "relinked")
        } else if what == "sync" {
            world.stripe.script { _ in nil }
            let answer = try await world.call("syncCustomerWithUser", ["userId": "u1"])
            #expect(answer["outcome"]?.string == "relinked" && answer["customerId"]?.string != dead)
        } else {
            let answer = try await world.call("ensureCustomerExists", ["userId": "u1", "verify": true])
            #expect(answer["created"]?.bool == true)
        }
        try await world.expectPromises(users: ["u1"])
        #expect(try await world.user("u1").customerId != dead)
    }

    @Test("A rejected address parks the user until it changes")
    func parked() async throws {
        var options = FaultyStripe.Options()
        options.refusedEmails = ["bad@example.com"]
        let world = try await World(options: options)
        let answer = try await world.call("registerUser", ["userId": "u1", "email": "bad@example.com"])
        #expect(answer["sync"]?["state"]?.string == "parked")
        await world.worker.drain()
        let status = try await world.call("getSyncStatus", [:])
        #expect(status["failures"]?.array?.count == 1 || status["parked"] != nil)
        let before = world.stripe.watch.figures.requests
        await world.clock.sleep(3_600_000)
        await world.worker.drain()
        #expect(world.stripe.watch.figures.requests == before, "a parked user costs nothing")
        try world.sql("UPDATE users SET email = 'good@example.com'")
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
    }

    @Test("What another program writes is synced within a second by a running worker")
    func plainSQL() async throws {
        // So soon it is seen. How long the rest takes is up to the machine, and not measured.
        #expect(SyncWorker.pollInterval <= 250)
        let world = try await World(clock: SystemClock())
        let running = Task { await world.worker.run() }
        try world.sql("INSERT INTO users (id, email, name) VALUES ('u1', 'ada@example.com', 'Ada')")
        try await until("the customer") { try await world.stripe.liveCustomers()["u1"]?.count == 1 }
        try await until("an empty queue") { try await world.store.queueStatus().pending == 0 }
        try world.sql("UPDATE users SET name = 'Ada King'")
        try await until("the name") { try await world.customer(of: "u1")["name"]?.string == "Ada King" }
        try await until("an empty queue") { try await world.store.queueStatus().pending == 0 }
        let id = try await world.user("u1").customerId
        try world.sql("INSERT OR REPLACE INTO users (id, email, name) VALUES ('u1', 'ada@lovelace.example', 'A. L.')")
        try await until("the email") { try await world.customer(of: "u1")["email"]?.string == "ada@lovelace.example" }
        #expect(try await world.user("u1").customerId == id)
        try world.sql("DELETE FROM users")
        try await until("no customer") { try await world.stripe.liveCustomers()["u1"] == nil }
        world.worker.stop()
        await running.value
        #expect(world.stripe.watch.violations == [])
    }

    @Test("A sync that can't even be put back is tried again by the worker")
    func postponeFails() async throws {
        let world = try await World()
        try world.sql(
            """
            CREATE TRIGGER full_disk BEFORE UPDATE OF attempts ON sync_queue BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END
            """)
        world.stripe.script { $0.route == .create ? .closed : nil }
        try await world.call("registerUser", ["userId": "u1", "email": "ada@example.com"])
        #expect(try await world.store.queueStatus().pending == 1)
        try world.sql("DROP TRIGGER full_disk")
        world.stripe.script { _ in nil }
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
    }

    @Test("A link that can't be written after Stripe was called is written later, to the same customer")
    func linkFails() async throws {
        let world = try await World()
        try world.sql(
            """
            CREATE TRIGGER full_disk BEFORE UPDATE OF stripe_customer_id ON users
            BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END
            """)
        try await world.call("registerUser", ["userId": "u1", "email": "ada@example.com"])
        #expect(try await world.user("u1").customerId == nil)
        try world.sql("DROP TRIGGER full_disk")
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(world.stripe.watch.figures.created == 1)
    }
}
