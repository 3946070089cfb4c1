import CustomerService
import CustomerStore
import Environment
import HTTP
import JSON
import SQLite
import Sandbox
import Testing

@Suite("Events from Stripe")
struct WebhookTests {
    // MARK: Edits

    @Test("An edit at Stripe is recorded, and neither a sync nor a change of another field writes over it")
    func recorded() async throws {
        let bench = try await WebhookBench()
        let id = try await bench.register("u1")
        try await bench.edit(id, "name=Ada+King")
        #expect(try await bench.effect(of: bench.newestEvent()) == "recorded")
        #expect(try await bench.user("u1").name == "Ada")
        #expect(try bench.queued == 0)
        try await bench.call("updateUser", ["userId": "u1", "phone": "123"])
        try await bench.call("syncCustomerWithUser", ["userId": "u1"])
        #expect(try await bench.customer(id)["name"]?.string == "Ada King")
        #expect(try await bench.customer(id)["phone"]?.string == "123")
        try await bench.call("updateUser", ["userId": "u1", "name": "Countess"])
        #expect(try await bench.customer(id)["name"]?.string == "Countess")
    }

    @Test("With --stripe-wins an edit goes into the user's row and does not bounce back")
    func wins() async throws {
        let bench = try await WebhookBench(wins: ["name", "email"])
        let id = try await bench.register("u1")
        await bench.clock.sleep(61_000)
        try await bench.edit(id, "name=Ada+King&phone=99")
        let event = try await bench.newestEvent()
        await bench.exchange.reset()
        #expect(try await bench.effect(of: event) == "user_updated")
        #expect(try await bench.user("u1").name == "Ada King")
        // Not among the fields that Stripe wins.
        #expect(try await bench.user("u1").phone == nil)
        #expect(try bench.queued == 0)
        #expect(try await bench.call("syncCustomerWithUser", ["userId": "u1"])["outcome"]?.string == "unchanged")
        // The look whether the customer lives.
        #expect(await bench.exchange.count(.post) == 0)
    }

    @Test("A change of the user that waits to be sent survives an edit of the same field, and stays queued")
    func unsentChange() async throws {
        let bench = try await WebhookBench(wins: ["name", "email"])
        let id = try await bench.register("u1")
        try bench.sql("UPDATE users SET name = 'Countess' WHERE id = 'u1'")
        try await bench.edit(id, "name=Ada+King&email=new%40example.com")
        #expect(try await bench.effect(of: bench.newestEvent()) == "user_updated")
        #expect(try await bench.user("u1").name == "Countess")
        #expect(try await bench.user("u1").email == "new@example.com")
        #expect(try bench.queued == 1)
        await bench.service.worker().drain()
        #expect(try await bench.customer(id)["name"]?.string == "Countess")
        #expect(try await bench.customer(id)["email"]?.string == "new@example.com")
    }

    @Test("An address that another user has stays out of the row and is recorded instead")
    func takenAddress() async throws {
        let bench = try await WebhookBench(wins: ["email"])
        _ = try await bench.register("u2")
        let id = try await bench.register("u1")
        try await bench.edit(id, "email=U2%40example.com")
        #expect(try await bench.effect(of: bench.newestEvent()) == "recorded")
        #expect(try await bench.user("u1").email == "u1@example.com")
        #expect(try await bench.call("syncCustomerWithUser", ["userId": "u1"])["outcome"]?.string == "unchanged")
        #expect(try bench.queued == 0)
    }

    @Test("A row that the host's own rules keep as it is takes no edit")
    func hostsRules() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        try bench.sql(
            """
            CREATE TRIGGER named BEFORE UPDATE ON users WHEN new.name IS NULL
            BEGIN SELECT RAISE(ABORT, 'a user needs a name'); END
            """)
        try await bench.edit(id, "name=")
        #expect(try await bench.effect(of: bench.newestEvent()) == "recorded")
        #expect(try await bench.user("u1").name == "Ada")
        #expect(try bench.queued == 0)
    }

    @Test("Fields that a user has nothing to do with cost no call and change nothing")
    func otherFields() async throws {
        let bench = try await WebhookBench(wins: ["email", "name", "phone"])
        let id = try await bench.register("u1")
        await bench.clock.sleep(61_000)
        try await bench.edit(id, "description=vip&metadata[crm]=7")
        let event = try await bench.newestEvent()
        await bench.exchange.reset()
        #expect(try await bench.effect(of: event) == "recorded")
        #expect(await bench.exchange.count() == 0)
    }

    // MARK: Once, and in any order

    @Test("An event counts once")
    func once() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        try await bench.edit(id, "name=B")
        let event = try await bench.newestEvent()
        #expect(try await bench.effect(of: event) == "user_updated")
        try bench.sql("UPDATE users SET name = 'C' WHERE id = 'u1'")
        #expect(try await bench.effect(of: event) == "duplicate")
        #expect(try await bench.user("u1").name == "C")
    }

    @Test("An event older than what is known changes nothing")
    func older() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        await bench.clock.sleep(3_600_000)
        let customer = try await bench.customer(id)
        let now = bench.clock.now() / 1000
        let newer = bench.event("customer.updated", with(customer, ["name": "New"]), id: "evt_2", at: now)
        let older = bench.event("customer.updated", with(customer, ["name": "Old"]), id: "evt_1", at: now - 1)
        #expect(try await bench.effect(of: newer) == "user_updated")
        #expect(try await bench.effect(of: older) == "stale")
        #expect(try await bench.user("u1").name == "New")
    }

    @Test("Events in every order, of one second or of several, end with what Stripe has", arguments: [0, 1_000])
    func anyOrder(pace: Milliseconds) async throws {
        let orders = permutations(of: [0, 1, 2])
        for order in orders {
            let bench = try await WebhookBench(wins: ["email", "name", "phone"])
            let id = try await bench.register("u1")
            for form in ["name=B&phone=1", "email=b%40example.com", "name=Ada&phone="] {
                await bench.clock.sleep(pace)
                try await bench.edit(id, form)
            }
            let events = try await bench.events().suffix(3).map { $0 }
            for index in order { _ = try await bench.deliver(events[index]) }
            let user = try await bench.user("u1")
            #expect(user.name == "Ada" && user.phone == nil && user.email == "b@example.com", "\(order)")
            #expect(try bench.queued == 0)
        }
    }

    @Test("The late event of an edit that a sync of ours has gone over does not undo the user's change")
    func lateEdit() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        try await bench.edit(id, "name=Edited")
        let late = try await bench.newestEvent()
        try await bench.call("updateUser", ["userId": "u1", "name": "Changed"])
        #expect(try await bench.effect(of: late) == "recorded")
        #expect(try await bench.user("u1").name == "Changed")
        #expect(try await bench.customer(id)["name"]?.string == "Changed")
        #expect(try bench.queued == 0)
    }

    @Test("The echo of a sync is known by its key and undoes no newer change")
    func echo() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        try await bench.call("updateUser", ["userId": "u1", "name": "B"])
        let echo = try await bench.newestEvent()
        try await bench.call("updateUser", ["userId": "u1", "name": "C"])
        #expect(try await bench.effect(of: echo) == "echo")
        #expect(try await bench.user("u1").name == "C")
        #expect(try await bench.customer(id)["name"]?.string == "C")
    }

    @Test("Events that were taken in are forgotten after 30 days")
    func pruned() async throws {
        let bench = try await WebhookBench()
        let id = try await bench.register("u1")
        try await bench.edit(id, "name=B")
        _ = try await bench.deliver(bench.newestEvent())
        #expect(try bench.sql("SELECT 1 FROM stripe_events").count == 1)
        await bench.clock.sleep(31 * 86_400_000)
        try await bench.edit(id, "name=C")
        _ = try await bench.deliver(bench.newestEvent())
        #expect(try bench.sql("SELECT 1 FROM stripe_events").count == 1)
    }

    @Test("A duplicate tells what the event did when it came first; of an erased user not whom it was about")
    func firstEffects() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        try await bench.call("updateUser", ["userId": "u1", "name": "Own"])
        try await bench.edit(id, "name=B")
        try await bench.edit(id, "metadata[crm]=7")
        var effects: [String: Int] = [:]
        for event in try await bench.events() {
            let first = try await bench.deliver(event)
            let again = try await bench.deliver(event)
            #expect(again["effect"]?.string == "duplicate" && again["firstEffect"] == first["effect"])
            #expect(again["userId"] == first["userId"])
            effects[first["effect"]?.string ?? "", default: 0] += 1
        }
        #expect(effects.keys.sorted() == ["echo", "recorded", "user_updated"])
        try await bench.call("eraseUser", ["userId": "u1"])
        let event = try #require(try await bench.events().first { $0["type"]?.string == "customer.updated" })
        let erased = try await bench.deliver(event)
        #expect(erased["effect"]?.string == "duplicate" && erased["userId"] == nil)
        // Taken in by a version that did not keep it.
        try bench.sql("UPDATE stripe_events SET effect = NULL")
        let old = try await bench.deliver(event)
        #expect(old["effect"]?.string == "duplicate" && old["firstEffect"] == nil)
    }

    // MARK: Deleted and created

    @Test("A deleted customer is unlinked and told, and the next ensure makes a new one")
    func deleted() async throws {
        let bench = try await WebhookBench()
        let id = try await bench.register("u1")
        try await bench.atStripe(.delete, "/v1/customers/" + id)
        let answer = try await bench.deliver(bench.newestEvent())
        #expect(answer["effect"]?.string == "unlinked")
        #expect(answer["userId"]?.string == "u1" && answer["customerId"]?.string == id)
        #expect(try await bench.user("u1").customerId == nil)
        // A host that has lost the first answer hears it again.
        let again = try await bench.deliver(bench.newestEvent())
        #expect(again["effect"]?.string == "duplicate" && again["firstEffect"]?.string == "unlinked")
        #expect(again["userId"]?.string == "u1" && again["customerId"]?.string == id)
        let ensured = try await bench.call("ensureCustomerExists", ["userId": "u1"])
        #expect(ensured["created"]?.bool == true && ensured["customerId"]?.string != id)
        #expect(try bench.sql("SELECT max(generation) FROM create_intents").first?.integer(0) == 2)
    }

    @Test("A customer that an event reported as deleted is neither linked nor adopted again")
    func deletedForGood() async throws {
        let bench = try await WebhookBench()
        let id = try await bench.register("u1")
        let (customer, now) = (try await bench.customer(id), bench.clock.now() / 1000)
        #expect(try await bench.effect(of: bench.event("customer.deleted", customer, id: "e2", at: now)) == "unlinked")
        #expect(try await bench.effect(of: bench.event("customer.created", customer, id: "e1", at: now - 9)) == "none")
        #expect(try await bench.call("ensureCustomerExists", ["userId": "u1"])["customerId"]?.string != id)
    }

    @Test("A customer made elsewhere that names a user is linked to it and brought in line")
    func created() async throws {
        let bench = try await WebhookBench()
        try bench.sql("INSERT INTO users (id, email, name) VALUES ('u1', 'u1@example.com', 'Ada')")
        let made = try await bench.atStripe(.post, "/v1/customers", "email=u1@example.com&phone=5&metadata[userId]=u1")
        #expect(try await bench.effect(of: bench.newestEvent()) == "linked")
        #expect(try await bench.user("u1").customerId == made["id"]?.string)
        await bench.service.worker().drain()
        let customer = try await bench.customer(made["id"]?.string ?? "")
        #expect(customer["name"]?.string == "Ada" && customer["phone"]?.string == "5")
    }

    @Test(
        "A customer that is made is left alone when its user has one, is not there, or is having one made",
        arguments: ["linked", "unknown", "pending"])
    func notLinked(situation: String) async throws {
        let bench = try await WebhookBench()
        switch situation {
        case "linked": _ = try await bench.register("u1")
        case "pending":
            try bench.sql("INSERT INTO users (id, email, name) VALUES ('u1', 'u1@example.com', 'Ada')")
            try bench.sql(
                """
                INSERT INTO create_intents (user_id, generation, idempotency_key, fields, state, created_at)
                VALUES ('u1', 1, 'create-1', '{}', 'pending', 0)
                """)
        default: break
        }
        let before = try await bench.store.user("u1")?.customerId
        try await bench.atStripe(.post, "/v1/customers", "email=u1@example.com&metadata[userId]=u1")
        #expect(try await bench.effect(of: bench.newestEvent()) == "none")
        #expect(try await bench.store.user("u1")?.customerId == before)
    }

    @Test(
        "An event that comes late links no customer that names the user no more, or is gone", arguments: [true, false])
    func createdLate(isGone: Bool) async throws {
        let bench = try await WebhookBench()
        try bench.sql("INSERT INTO users (id, email, name) VALUES ('u1', 'u1@example.com', 'Ada')")
        let made = try await bench.atStripe(
            .post, "/v1/customers", "email=u1@example.com&name=Firm&metadata[userId]=u1")
        let (event, id) = (try await bench.newestEvent(), made["id"]?.string ?? "")
        if isGone {
            try await bench.atStripe(.delete, "/v1/customers/" + id)
        } else {
            try await bench.edit(id, "metadata[userId]=")
        }
        #expect(try await bench.effect(of: event) == "none")
        #expect(try await bench.user("u1").customerId == nil)
    }

    // MARK: Not ours

    @Test("A host's own key makes no echo of its edit", arguments: ["create-x", "update-profile-42", "archive-q"])
    func hostKey(key: String) async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        try await bench.call("updateCustomer", ["customerId": .string(id), "name": "New"], key: key)
        #expect(try await bench.effect(of: bench.newestEvent()) == "user_updated")
        #expect(try await bench.user("u1").name == "New")
    }

    @Test(
        "Events of other kinds, modes and accounts are left to the host",
        arguments: [
            ["type": "customer.subscription.updated"], ["type": "invoice.paid"], ["livemode": true],
            ["account": "acct_other"], ["data": ["object": ["object": "card", "id": "card_1"]]],
        ] as [JSONObject])
    func notOurs(change: JSONObject) async throws {
        let bench = try await WebhookBench()
        let id = try await bench.register("u1")
        let event = bench.event("customer.deleted", try await bench.customer(id), id: "evt_1", at: 1)
        let answer = try await bench.deliver(with(event, change))
        #expect(answer["handled"]?.bool == false && answer["effect"]?.string == "none")
        #expect(try await bench.user("u1").customerId == id)
    }

    @Test(
        "An event that does not follow on what is known is settled by what Stripe has, also for those that come after it"
    )
    func missedBefore() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        try await bench.edit(id, "name=B")
        let missed = try await bench.newestEvent()
        try await bench.edit(id, "name=C")
        let event = try await bench.newestEvent()
        try bench.sql("UPDATE synced_profiles SET edits = '{\"name\":\"X\"}'")
        #expect(try await bench.effect(of: event) == "user_updated")
        #expect(try await bench.user("u1").name == "C")
        #expect(try await bench.effect(of: missed) == "recorded")
        #expect(try await bench.user("u1").name == "C")
    }
}

private func permutations(of items: [Int]) -> [[Int]] {
    guard items.count > 1 else { return [items] }
    return items.flatMap { item in permutations(of: items.filter { $0 != item }).map { [item] + $0 } }
}
