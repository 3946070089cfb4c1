import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLiteStore
import Sandbox
import Stripe
import TestSupport
import Testing

/// What may stand in a delivery, whoever sent it.
@Suite("Unusual deliveries")
struct HostileEventTests {
    private func deliver(_ payload: String, to bench: WebhookBench) async throws(ServiceError) -> JSONValue {
        try await bench.call(
            "handleWebhook", ["payload": .string(payload), "signature": .string(bench.signature(of: payload))])
    }

    @Test(
        "A signed payload that is no event is told so, and does nothing",
        arguments: [
            "", " ", "null", "[]", "7", #""evt_1""#, "{}", #"{"id":"evt_1"}"#, #"{"id":1,"type":"customer.deleted"}"#,
            #"{"id":"","type":"customer.deleted"}"#, #"{"id":"evt_1","type":7}"#, #"{"id":"evt_1","type":"ping"} x"#,
            #"{"id":"evt_1","id":"evt_2","type":"customer.deleted"}"#, #"{"id":"evt_1","type":"ping",}"#,
            "\u{FEFF}{\"id\":\"evt_1\",\"type\":\"ping\"}", #"{"id":"evt_1","type":"ping","x":"\ud800"}"#,
            String(repeating: "[", count: 100_000), "id=evt_1&type=ping",
        ])
    func noEvent(payload: String) async throws {
        let bench = try await WebhookBench()
        let error = await errorOf { () throws(ServiceError) in try await deliver(payload, to: bench) }
        #expect(error?.kind == .invalidParams && error?.retryable == false)
        #expect(error?.details["violations"]?.array?.first?["instanceLocation"] == "/payload")
        #expect(try bench.sql("SELECT 1 FROM stripe_events").isEmpty)
    }

    @Test("Two members of one name in the customer, of which others would take the last, have no effect either")
    func duplicateMembers() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        let event = bench.event("customer.updated", try await bench.customer(id), id: "evt_1", at: 1).description
        let doubled = event.replacing(#""name":"Ada""#, with: #""name":"Ada","name":"Eve""#)
        #expect(doubled != event)
        #expect(
            await errorOf { () throws(ServiceError) in try await deliver(doubled, to: bench) }?.kind == .invalidParams)
        #expect(try await bench.user("u1").name == "Ada")
    }

    @Test(
        "Events without a customer in them are left to the host",
        arguments: [
            #"{"id":"evt_1","object":"event","type":"customer.updated","created":1,"livemode":false}"#,
            #"{"id":"evt_1","object":"event","type":"customer.updated","data":null}"#,
            #"{"id":"evt_1","object":"event","type":"customer.updated","data":{"object":[]}}"#,
            #"{"id":"evt_1","object":"event","type":"customer.updated","data":{"object":{"object":"customer"}}}"#,
            #"{"id":"evt_1","object":"event","type":"customer.updated","data":{"object":{"object":"customer","id":""}}}"#,
            #"{"id":"evt_1","object":"event","type":"Customer.Updated","data":{"object":{"object":"customer","id":"c"}}}"#,
            #"{"id":"evt_1","object":"event","type":"customer.deleted\u0000","data":{"object":{"object":"customer","id":"c"}}}"#,
        ])
    func noCustomer(payload: String) async throws {
        let bench = try await WebhookBench()
        let answer = try await deliver(payload, to: bench)
        #expect(answer["handled"]?.bool == false && answer["effect"]?.string == "none")
        #expect(answer["eventId"]?.string == "evt_1")
    }

    @Test(
        "A time that is none does no harm, and neither do fields of another kind than Stripe's",
        arguments: [
            ["created": "now"], ["created": -9_223_372_036_854_775_808], ["created": 9_223_372_036_854_775_807],
            ["created": [1]], ["created": .null], ["request": "req_1"], ["request": ["idempotency_key": 7]],
        ] as [JSONObject])
    func strangeFields(change: JSONObject) async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        try await bench.edit(id, "name=B")
        let event = with(try await bench.newestEvent(), change)
        #expect(["user_updated", "stale"].contains(try await bench.effect(of: event)))
        #expect(try await bench.user("u1").customerId == id)
    }

    @Test(
        "A value of a kind that Stripe never has says nothing, and one that no call could write stays out of the row",
        arguments: [
            ["name": 7], ["name": true], ["name": ["x"]], ["name": ["first": "x"]], ["phone": ["x"]], ["email": 15],
            ["metadata": "x"], ["metadata": []], ["name": "n\u{0}l"], ["phone": "\u{0}"], ["email": "not an address"],
            ["email": "a b@example.com"], ["phone": "123456789012345678901"],
        ] as [JSONObject])
    func strangeCustomer(changes: JSONObject) async throws {
        let bench = try await WebhookBench(wins: ["email", "name", "phone"])
        let id = try await bench.register("u1")
        let before = try await bench.user("u1")
        let customer = with(try await bench.customer(id), changes)
        let now = bench.clock.now() / 1000 + 3_600
        let answer = try await bench.effect(of: bench.event("customer.updated", customer, id: "evt_1", at: now))
        #expect(answer != "user_updated")
        let user = try await bench.user("u1")
        #expect(user.name == before.name && user.phone == before.phone && user.email == before.email)
        let sync = try await bench.call("updateUser", ["userId": "u1", "name": "Grace"])["sync"]
        #expect(sync?["state"] == "synced", "\(sync ?? .null)")
    }

    @Test("A payload of megabytes counts like any other")
    func large() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        try await bench.edit(id, "name=B")
        let event = with(try await bench.newestEvent(), ["padding": .string(String(repeating: "é", count: 500_000))])
        #expect(try await bench.effect(of: event) == "user_updated")
    }

    @Test("What was taken in before a restart counts no more after it")
    func restart() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        try await bench.edit(id, "name=B")
        let payload = try await bench.newestEvent().description
        let signature = bench.signature(of: payload)
        let first = try await bench.call(
            "handleWebhook", ["payload": .string(payload), "signature": .string(signature)])
        #expect(first["effect"]?.string == "user_updated")
        try bench.sql("UPDATE users SET name = 'Own'")
        let store = try CustomerStore(path: bench.directory.file("test.sqlite"), watch: patientWatch())
        try await store.renewLeases()
        let client = StripeClient(
            configuration: StripeConfiguration(apiKey: "sk_test_sandbox", requestsPerSecond: 0),
            exchange: bench.exchange, clock: bench.clock, identifiers: RandomIdentifiers(), log: .none)
        var service = CustomerService(
            store: store, stripe: client, clock: bench.clock, identifiers: RandomIdentifiers(), log: .none,
            version: "test")
        service.webhookSecrets = ["whsec_new", WebhookBench.secret]
        service.stripeWins = ["name"]
        let method = try #require(service.methods.first { $0.name == "handleWebhook" })
        let again = try await method.call(
            Call(["payload": .string(payload), "signature": .string(signature)]))
        #expect(again["effect"]?.string == "duplicate")
        #expect(try await bench.user("u1").name == "Own")
    }

    // MARK: Order

    @Test("Late news of a customer that was deleted touches neither the user nor its new customer")
    func lateNewsOfTheDead() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        await bench.clock.sleep(61_000)
        let customer = try await bench.customer(id)
        let now = bench.clock.now() / 1000
        try await bench.atStripe(.delete, "/v1/customers/" + id)
        #expect(try await bench.effect(of: bench.event("customer.deleted", customer, id: "e3", at: now)) == "unlinked")
        let new = try await bench.call("ensureCustomerExists", ["userId": "u1"])["customerId"]?.string
        let updated = with(customer, ["name": "Late"])
        for created in [now - 5, now, now + 5] {
            let event = bench.event("customer.updated", updated, id: "u\(created)", at: created)
            #expect(try await bench.effect(of: event) == "none")
        }
        let repeated = bench.event("customer.deleted", customer, id: "e4", at: now + 9)
        #expect(try await bench.effect(of: repeated) == "none")
        #expect(try await bench.user("u1").customerId == new)
        #expect(try await bench.user("u1").name == "Ada")
    }

    @Test("The update that comes after the deletion of its second finds the customer gone")
    func updateBeforeDeletion() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        await bench.clock.sleep(61_000)
        try await bench.edit(id, "name=B")
        try await bench.atStripe(.delete, "/v1/customers/" + id)
        let events = Array(try await bench.events().suffix(2))
        for event in events.reversed() { try await bench.deliver(event) }
        #expect(try await bench.user("u1").customerId == nil)
        #expect(try await bench.user("u1").name == "Ada")
    }

    @Test("An edit that two syncs of ours have gone over and back does not come to life again by its late event")
    func thereAndBack() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        await bench.clock.sleep(61_000)
        try await bench.edit(id, "name=Edited")
        let late = try await bench.newestEvent()
        await bench.clock.sleep(2_000)
        try await bench.call("updateUser", ["userId": "u1", "name": "Grace"])
        try await bench.call("updateUser", ["userId": "u1", "name": "Ada"])
        _ = try await bench.effect(of: late)
        #expect(try await bench.user("u1").name == "Ada")
        #expect(try await bench.customer(id)["name"]?.string == "Ada")
        #expect(found(try await bench.call("reconcile", [:])).isEmpty)
    }

    @Test("While Stripe can't be asked an event that leaves things open fails, and counts when it comes again")
    func unanswered() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        try await bench.edit(id, "name=B")
        try await bench.edit(id, "name=C")
        let event = try await bench.newestEvent()
        bench.exchange.allow(0)
        let error = await errorOf { () throws(ServiceError) in try await bench.deliver(event) }
        #expect(error?.kind == .stripeAuthenticationFailed)
        #expect(try await bench.user("u1").name == "Ada")
        bench.exchange.allow(.max)
        #expect(try await bench.effect(of: event) == "user_updated")
        #expect(try await bench.user("u1").name == "C")
    }
}
