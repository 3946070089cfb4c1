import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLite
import Stripe
import Testing

@Suite("What Stripe does not say")
struct SilentMemberTests {
    @Test(
        "A member is absent, unset or has a value",
        arguments: [
            ("{}", .absent), (#"{"x":null}"#, .unset), (#"{"x":""}"#, .unset), (#"{"x":7}"#, .absent),
            (#"{"x":["a"]}"#, .absent), (#"{"x":true}"#, .absent), (#"{"x":"a"}"#, .text("a")),
            (#"{"x":{"a":"b"}}"#, .object(["a": "b"])),
            (#"{"x":{}}"#, .object([:])), (#"{"X":"a"}"#, .absent),
        ] as [(String, StripeMember)])
    func states(json: String, expected: StripeMember) throws {
        #expect(try #require(try JSONValue(parsing: Array(json.utf8)).object).said("x") == expected)
    }

    @Test(
        "Of metadata that is there a name that is not in it is unset; where all of it is missing nothing is said",
        arguments: [
            ("{}", .absent), (#"{"metadata":{}}"#, .unset), (#"{"metadata":null}"#, .unset),
            (#"{"metadata":"x"}"#, .absent), (#"{"metadata":[]}"#, .absent),
            (#"{"metadata":{"plan":"pro"}}"#, .text("pro")),
            (#"{"metadata":{"plan":""}}"#, .unset), (#"{"metadata":{"plan":null}}"#, .unset),
        ] as [(String, StripeMember)])
    func metadata(json: String, expected: StripeMember) throws {
        #expect(try #require(try JSONValue(parsing: Array(json.utf8)).object).said(ofMetadata: "plan") == expected)
    }

    /// `u1` with a phone and metadata, a minute ago.
    private func bench() async throws -> (WebhookBench, String) {
        let bench = try await WebhookBench(wins: ["email", "name", "phone"])
        let answer = try await bench.call(
            "registerUser",
            [
                "userId": "u1", "email": "u1@example.com", "name": "Ada", "phone": "+1", "metadata": ["plan": "pro"],
            ])
        await bench.clock.sleep(61_000)
        return (bench, answer["customerId"]?.string ?? "")
    }

    private func expectUntouched(
        _ bench: WebhookBench, name: String? = "Ada", _ context: String = "",
        location: SourceLocation = #_sourceLocation
    ) async throws {
        let user = try await bench.user("u1")
        #expect(user.email == "u1@example.com", "\(context)", sourceLocation: location)
        #expect(user.phone == "+1" && user.name == name, "\(context)", sourceLocation: location)
        #expect(JSONValue.object(user.metadata) == ["plan": "pro"], "\(context)", sourceLocation: location)
        bench.exchange.answerTruly()
        await bench.exchange.reset()
        await bench.service.worker().drain()
        try await bench.call("syncCustomerWithUser", ["userId": "u1"])
        #expect(await bench.exchange.count(.post) == 0, "nothing is sent; \(context)", sourceLocation: location)
        #expect(found(try await bench.call("reconcile", [:])).isEmpty, "\(context)", sourceLocation: location)
    }

    @Test(
        "An event that lacks members changes only what it has, delivered or polled",
        arguments: [[:], ["name": "B"], ["metadata": ["userId": "u1", "plan": "pro"]]] as [JSONObject], [false, true])
    func partialEvents(members: JSONObject, isPolled: Bool) async throws {
        let (bench, id) = try await bench()
        var customer: JSONObject = ["id": .string(id), "object": "customer"]
        for member in members.members { customer[member.name] = member.value }
        let name = members["name"]?.string
        if name != nil { try await bench.edit(id, "name=B") }
        let previous: JSONValue? = name.map { _ in ["name": "Ada"] }
        let event = bench.event(
            "customer.updated", .object(customer), id: "evt_1", at: bench.clock.now() / 1000, previous: previous)
        if isPolled {
            let poller = EventPoller(service: bench.service, interval: 1)
            _ = try await poller.poll()
            bench.exchange.answer(#"{"object":"list","data":[\#(event.description)],"has_more":false}"#) {
                $0.url.contains("/v1/events")
            }
            #expect(try await poller.poll() > 0)
        } else {
            #expect(try await bench.effect(of: event) == (name == nil ? "recorded" : "user_updated"))
        }
        try await expectUntouched(bench, name: name ?? "Ada")
    }

    @Test("An edit that is known stays known when an event does not speak of it")
    func knownEdit() async throws {
        let bench = try await WebhookBench()
        let id = try await bench.register("u1")
        await bench.clock.sleep(61_000)
        try await bench.edit(id, "name=Edited&phone=7")
        #expect(try await bench.effect(of: bench.newestEvent()) == "recorded")
        await bench.clock.sleep(2_000)
        let event = bench.event(
            "customer.updated", ["id": .string(id), "object": "customer", "phone": "7"], id: "evt_1",
            at: bench.clock.now() / 1000)
        #expect(try await bench.effect(of: event) == "recorded")
        let report = try await bench.call("reconcile", [:])
        #expect(found(report).isEmpty && report["keptEdits"]?.int64 == 2)
    }

    @Test(
        "An answer that lacks members unsets nothing: asked by a sync, a verification or a reconciliation that repairs",
        arguments: ["", #","name":"Ada""#, #","email":"u1@example.com","livemode":false"#])
    func partialAnswers(members: String) async throws {
        let (bench, id) = try await bench()
        let body = #"{"id":"\#(id)","object":"customer"\#(members)}"#
        bench.exchange.answer(body) { $0.method == .get && $0.url.hasSuffix(id) }
        await bench.exchange.reset()
        try await bench.call("syncCustomerWithUser", ["userId": "u1"])
        try await bench.call("ensureCustomerExists", ["userId": "u1", "verify": true])
        #expect(await bench.exchange.count(.post) == 0)
        bench.exchange.answer { request in
            guard request.method == .get, request.url.contains("/v1/customers") else { return nil }
            return request.url.contains("/v1/customers?")
                ? #"{"object":"list","data":[\#(body)],"has_more":false}"# : body
        }
        for fix in [false, true] {
            let report = try await bench.call("reconcile", ["fix": .bool(fix)])
            #expect(found(report).isEmpty, "\(report)")
        }
        #expect(await bench.exchange.count(.post) == 0)
        try await expectUntouched(bench)
    }

    @Test("Null in an event is an unset")
    func null() async throws {
        let (bench, id) = try await bench()
        let event = bench.event(
            "customer.updated", ["id": .string(id), "object": "customer", "phone": .null], id: "evt_1",
            at: bench.clock.now() / 1000, previous: ["phone": "+1"])
        #expect(try await bench.effect(of: event) == "user_updated")
        #expect(try await bench.user("u1").phone == nil)
        #expect(try await bench.user("u1").name == "Ada")
    }

    // MARK: Times

    @Test(
        "An event from beyond any sane time makes no later one look old",
        arguments: [86_401, 40 * 86_400, 9_223_372_036_854_775_000] as [Int64])
    func farAhead(ahead: Int64) async throws {
        let (bench, id) = try await bench()
        let now = bench.clock.now() / 1000
        let (time, isOver) = now.addingReportingOverflow(ahead)
        try await bench.edit(id, "name=B")
        // What it says is not believed either: Stripe is asked.
        let event = bench.event(
            "customer.updated", with(try await bench.customer(id), ["name": "Eve"]), id: "evt_far",
            at: isOver ? .max : time)
        #expect(try await bench.effect(of: event) == "user_updated")
        #expect(try await bench.user("u1").name == "B")
        await bench.clock.sleep(61_000)
        try await bench.edit(id, "name=C")
        #expect(try await bench.effect(of: bench.newestEvent()) == "user_updated")
        #expect(try await bench.user("u1").name == "C")
    }

    @Test("A time that was believed once, and is on disk, is believed no more")
    func farAheadOnDisk() async throws {
        let (bench, id) = try await bench()
        try await bench.edit(id, "name=B")
        #expect(try await bench.effect(of: bench.newestEvent()) == "user_updated")
        try bench.sql("UPDATE customer_news SET created = 9223372036854775807")
        await bench.clock.sleep(61_000)
        try await bench.edit(id, "name=C")
        #expect(try await bench.effect(of: bench.newestEvent()) == "user_updated")
        #expect(try await bench.user("u1").name == "C")
        let created = try bench.sql("SELECT created FROM customer_news").first?.integer(0)
        #expect(created == bench.clock.now() / 1000)
    }

    @Test("A clock that is some hours behind Stripe's changes nothing about the order of events")
    func someHoursAhead() async throws {
        let (bench, id) = try await bench()
        let now = bench.clock.now() / 1000
        let customer = try await bench.customer(id)
        let later = bench.event("customer.updated", with(customer, ["name": "B"]), id: "e2", at: now + 50_000)
        let earlier = bench.event("customer.updated", with(customer, ["name": "C"]), id: "e1", at: now + 49_000)
        #expect(try await bench.effect(of: later) == "user_updated")
        #expect(try await bench.effect(of: earlier) == "stale")
        #expect(try await bench.user("u1").name == "B")
    }

    // MARK: Thin events

    @Test(
        "A thin event is refused aloud, whatever it tells of",
        arguments: ["v1.customer.updated", "v1.customer.deleted", "v2.core.account.updated", "ping"])
    func thin(type: String) async throws {
        let bench = try await WebhookBench()
        let event: JSONValue = [
            "id": "evt_1", "object": "v2.core.event", "type": .string(type), "created": "2026-01-01T00:00:00.000Z",
            "livemode": false, "related_object": ["id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1"],
        ]
        let error = await errorOf { () throws(ServiceError) in try await bench.deliver(event) }
        #expect(error?.kind == .invalidParams && error?.retryable == false)
        let violation = error?.details["violations"]?.array?.first
        #expect(violation?["instanceLocation"] == "/payload")
        #expect(violation?["error"]?.string?.contains("Snapshot") == true)
        #expect(try bench.sql("SELECT 1 FROM stripe_events").isEmpty)
    }
}
