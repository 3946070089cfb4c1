import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLite
import Stripe
import TestSupport
import Testing

@Suite("Following Stripe's events without webhooks")
struct PollingTests {
    private func poller(_ service: CustomerService) -> EventPoller { EventPoller(service: service, interval: 1) }

    /// `u1` to `u3` with customers; the first poll has noted the time, and a minute has passed.
    private func world() async throws -> World {
        let world = try await World(wins: ["name", "phone"])
        for id in ["u1", "u2", "u3"] {
            try await world.call(
                "registerUser", ["userId": .string(id), "email": .string("\(id)@example.com"), "name": "Ada"])
        }
        await world.clock.sleep(61_000)
        #expect(try await poller(world.service).poll() == 0)
        await world.clock.sleep(61_000)
        return world
    }

    private func edit(_ world: World, _ userId: String, _ form: String) async throws {
        let id = try await world.user(userId).customerId ?? ""
        try await world.stripe.direct(.post, "/v1/customers/" + id, form)
    }

    private func cursor(_ world: World) throws -> JSONValue {
        let text = try world.sql("SELECT value FROM settings WHERE name = 'events_cursor'").first?.text(0)
        return try JSONValue(parsing: Array((text ?? "").utf8))
    }

    @Test("More events than a page holds come home, page by page and once, and the next process goes on behind them")
    func pages() async throws {
        let world = try await world()
        for number in 1...250 {
            await world.clock.sleep(1_000)
            try await edit(world, "u\(number % 3 + 1)", "name=N\(number)")
        }
        await world.clock.sleep(61_000)
        #expect(try await poller(world.service).poll() == 250)
        for id in ["u1", "u2", "u3"] {
            let number = (248...250).first { "u\($0 % 3 + 1)" == id } ?? 0
            #expect(try await world.user(id).name == "N\(number)")
        }
        // Nobody's but the user's own change; a successor starts at the newest event.
        try world.sql("UPDATE users SET name = 'Own' WHERE id = 'u1'")
        let successor = try await world.afterKill()
        world.stripe.script { _ in nil }
        #expect(try await poller(successor.service).poll() == 0)
        #expect(world.stripe.requestCount == 1)
        #expect(try await successor.user("u1").name == "Own")
    }

    @Test("Killed between the effects of events and the note of them, the next process takes them in without effect")
    func killed() async throws {
        let world = try await world()
        let before = try cursor(world)
        for number in 1...150 { try await edit(world, "u1", "name=N\(number)") }
        await world.clock.sleep(61_000)
        #expect(try await poller(world.service).poll() == 150)
        #expect(try await world.user("u1").name == "N150")
        // As it is on disk when the process is killed before the first page was noted.
        try world.sql("UPDATE settings SET value = ? WHERE name = 'events_cursor'", [.text(before.description)])
        try world.sql("UPDATE users SET name = 'Own' WHERE id = 'u1'")
        let successor = try await world.afterKill()
        #expect(try await poller(successor.service).poll() == 150)
        #expect(try await successor.user("u1").name == "Own")
        try await successor.settle()
        try await successor.expectPromises(users: ["u1", "u2", "u3"])
    }

    @Test(
        "While Stripe fails nothing is passed over, and the poll after that brings it home",
        arguments: [.rateLimited, .unsaved500, .html502, .closed, .reset] as [FaultyStripe.Fault], [0, 1])
    func faults(fault: FaultyStripe.Fault, after pages: Int) async throws {
        let world = try await world()
        try await edit(world, "u1", "name=First")
        await world.clock.sleep(61_000)
        _ = try await poller(world.service).poll()
        for number in 1...120 { try await edit(world, "u\(number % 3 + 1)", "name=N\(number)") }
        await world.clock.sleep(61_000)
        let listed = Counter()
        world.stripe.script { request in
            guard request.identity.contains("/v1/events") else { return nil }
            return listed.next() > pages ? fault : nil
        }
        let error = await errorOf { () throws(ServiceError) in try await poller(world.service).poll() }
        #expect(error?.retryable == true)
        world.stripe.script { _ in nil }
        _ = try await poller(world.service).poll()
        for number in 118...120 { #expect(try await world.user("u\(number % 3 + 1)").name == "N\(number)") }
        try await world.settle()
        try await world.expectPromises(users: ["u1", "u2", "u3"])
    }

    @Test("A key that is refused while an event is taken in does not make the event pass unseen")
    func refusedKey() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        await bench.clock.sleep(61_000)
        #expect(try await poller(bench.service).poll() == 0)
        await bench.clock.sleep(61_000)
        // Two in one second: Stripe has to be asked for the second one.
        try await bench.edit(id, "name=B")
        try await bench.edit(id, "name=C")
        await bench.clock.sleep(61_000)
        bench.exchange.allow(2)
        let error = await errorOf { () throws(ServiceError) in try await poller(bench.service).poll() }
        #expect(error?.kind == .stripeAuthenticationFailed)
        bench.exchange.allow(.max)
        _ = try await poller(bench.service).poll()
        #expect(try await bench.user("u1").name == "C")
        #expect(try bench.sql("SELECT 1 FROM stripe_events").count == 2)
    }

    @Test("A cursor that Stripe does not know any more is given up, and what it still tells is taken in")
    func lostCursor() async throws {
        let world = try await world()
        try await edit(world, "u1", "name=Old")
        await world.clock.sleep(61_000)
        _ = try await poller(world.service).poll()
        #expect(try cursor(world)["id"]?.string != nil)
        // Stripe forgets events after 30 days.
        await world.clock.sleep(31 * 86_400_000)
        try await edit(world, "u2", "name=New")
        #expect(try await poller(world.service).poll() == 0)
        #expect(try cursor(world)["id"]?.string == nil)
        #expect(try await poller(world.service).poll() == 1)
        #expect(try await world.user("u2").name == "New")
    }

    @Test("A cursor that Stripe refuses with 400 is given up too, and the next poll begins at its time")
    func refusedCursor() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        #expect(try await poller(bench.service).poll() == 0)
        await bench.clock.sleep(61_000)
        try await bench.edit(id, "name=B")
        await bench.clock.sleep(61_000)
        _ = try await poller(bench.service).poll()
        let saved = { try bench.sql("SELECT value FROM settings WHERE name = 'events_cursor'").first?.text(0) }
        #expect(try saved()?.contains("evt_") == true)
        try await bench.edit(id, "name=C")
        bench.exchange.refuse { $0.url.contains("ending_before") }
        #expect(try await poller(bench.service).poll() == 0)
        #expect(try saved()?.contains("evt_") == false)
        bench.exchange.refuse { _ in false }
        _ = try await poller(bench.service).poll()
        #expect(try await bench.user("u1").name == "C")
    }

    @Test("When Stripe refuses every list of events, the poll fails and nothing is passed over")
    func refusedLists() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        #expect(try await poller(bench.service).poll() == 0)
        await bench.clock.sleep(61_000)
        try await bench.edit(id, "name=B")
        bench.exchange.refuse { $0.url.contains("/v1/events") }
        for _ in 1...3 {
            let error = await errorOf { () throws(ServiceError) in try await poller(bench.service).poll() }
            #expect(error?.kind == .stripeRequestRejected)
        }
        bench.exchange.refuse { _ in false }
        _ = try await poller(bench.service).poll()
        #expect(try await bench.user("u1").name == "B")
    }

    @Test("Events that are listed again and again, or without end, fail the poll in a few requests")
    func repeatingPages() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        #expect(try await poller(bench.service).poll() == 0)
        await bench.clock.sleep(61_000)
        try await bench.edit(id, "name=B")
        let event = try await bench.newestEvent().description
        bench.exchange.answer(#"{"object":"list","data":[\#(event)],"has_more":true}"#) {
            $0.url.contains("/v1/events")
        }
        await bench.exchange.reset()
        for _ in 1...2 {
            // First without a place reached, then behind the event.
            let error = await errorOf { () throws(ServiceError) in try await poller(bench.service).poll() }
            #expect(error?.kind == .stripeUnavailable)
            #expect(await bench.exchange.count() <= 3)
            await bench.clock.sleep(61_000)
        }
        bench.exchange.answerTruly()
        _ = try await poller(bench.service).poll()
        #expect(try await bench.user("u1").name == "B")
    }

    @Test("Of a connected account's events the list need not name the account")
    func connected() async throws {
        let bench = try await WebhookBench(wins: ["name"], account: "acct_1")
        let id = try await bench.register("u1")
        #expect(try await poller(bench.service).poll() == 0)
        await bench.clock.sleep(61_000)
        try await bench.edit(id, "name=B")
        #expect(try await bench.newestEvent()["account"] == nil)
        _ = try await poller(bench.service).poll()
        #expect(try await bench.user("u1").name == "B")
    }

    @Test("What is polled has the effects of what is delivered", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func sameEffects(seed: UInt64) async throws {
        var outcomes: [[String]] = []
        for polls in [false, true] {
            var random = Seeded(state: seed)
            let bench = try await WebhookBench(wins: ["name", "email"])
            if polls { _ = try await poller(bench.service).poll() }
            var ids: [String] = []
            for number in 1...3 { ids.append(try await bench.register("u\(number)")) }
            try bench.sql("INSERT INTO users (id, email) VALUES ('u4', 'u4@example.com'), ('u5', NULL)")
            for step in 1...40 {
                await bench.clock.sleep(Milliseconds(random.next() % 3) * 1_000)
                let index = Int(random.next() % 3)
                switch random.next() % 12 {
                case 0:
                    try await bench.atStripe(
                        .post, "/v1/customers", "email=u4@example.com&name=Made&metadata[userId]=u4")
                case 1 where index == 2: try await bench.atStripe(.delete, "/v1/customers/" + ids[2])
                case 2, 3: try bench.sql("UPDATE users SET phone = '\(step)' WHERE id = 'u\(index + 1)'")
                case 4, 5: try await bench.edit(ids[index], "email=e\(step)%40example.com")
                case 6: try await bench.edit(ids[index], "metadata[crm]=\(step)")
                default: try await bench.edit(ids[index], "name=N\(step)")
                }
                if random.next() % 4 == 0 { await bench.service.worker().drain() }
                guard random.next() % 5 == 0 || step == 40 else { continue }
                if polls {
                    _ = try await poller(bench.service).poll()
                } else {
                    for event in try await bench.events() { try await bench.deliver(event) }
                }
            }
            await bench.service.worker().drain()
            let rows = try bench.sql("SELECT id, email, name, phone, stripe_customer_id IS NULL FROM users ORDER BY id")
            outcomes.append(rows.map { row in (0..<5).map { row.text($0) ?? "-" }.joined(separator: " ") })
            #expect(found(try await bench.call("reconcile", [:])).filter { $0.hasPrefix("drift") }.isEmpty)
        }
        #expect(outcomes[0] == outcomes[1])
    }
}

/// https://prng.di.unimi.it/splitmix64.c
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
