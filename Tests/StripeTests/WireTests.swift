import Environment
import HTTP
import JSON
import Stripe
import Synchronization
import TestSupport
import Testing

@Suite("Over a real socket")
struct WireTests {
    private func stripe(_ server: LoopbackServer, _ exchange: CurlExchange) -> StripeClient {
        StripeClient(
            configuration: StripeConfiguration(apiBase: server.url + "/", apiKey: testKey, requestsPerSecond: 0),
            exchange: exchange, clock: SteppedClock(), identifiers: CountedIdentifiers(), log: .none)
    }

    @Test("A creation arrives as Stripe expects it and its answer comes back whole")
    func creation() async throws {
        let server = try LoopbackServer { _ in
            .text(
                ada,
                headers: ["Content-Type": "application/json", "Request-Id": "req_1", "Idempotent-Replayed": "true"])
        }
        defer { server.stop() }
        let exchange = CurlExchange()
        defer { exchange.shutDown() }
        let reply = try await stripe(server, exchange).createCustomer(
            ["name": "Ada & Söhne + Co", "metadata": ["a=b": "c&d"], "preferred_locales": ["de"]],
            idempotencyKey: "key-1")
        #expect(reply.value.id == "cus_1")
        #expect(reply.isReplay)
        let request = try #require(server.requests.first)
        #expect(request.method == "POST")
        #expect(request.path == "/v1/customers")
        #expect(
            request.form == ["name": "Ada & Söhne + Co", "metadata[a=b]": "c&d", "preferred_locales[0]": "de"])
        #expect(request.headers["authorization"] == "Bearer " + testKey)
        #expect(request.headers["stripe-version"] == "2026-09-30.endive")
        #expect(request.headers["idempotency-key"] == "key-1")
        #expect(request.headers["content-type"] == "application/x-www-form-urlencoded")
    }

    @Test("A search arrives decoded as it was meant")
    func search() async throws {
        let server = try LoopbackServer { _ in
            .text(#"{"object":"search_result","data":[],"has_more":false,"next_page":null}"#)
        }
        defer { server.stop() }
        let exchange = CurlExchange()
        defer { exchange.shutDown() }
        let query = CustomerQuery.email(#"a+"b"\@example.com"#)
        let reply = try await stripe(server, exchange).searchCustomers(query)
        #expect(reply.value.data.isEmpty)
        #expect(server.requests.first?.query == ["query": #"email:"a+\"b\"\\@example.com""#, "limit": "10"])
    }

    @Test(
        "Whatever goes wrong on the wire, the next attempt carries the same key and body",
        arguments: [
            Reply.reset, .close, .truncate(body: Array(ada.utf8), after: 10), .raw(Array("nonsense\r\n".utf8)),
            .respond(status: 502, body: Array(StripeErrorTests.page.utf8)), .respond(status: 200), .text("{"),
        ])
    func faults(fault: Reply) async throws {
        let faults = Atomic<Int>(0)
        let server = try LoopbackServer { _ in
            faults.add(1, ordering: .relaxed).newValue <= 2 ? fault : .text(ada)
        }
        defer { server.stop() }
        let exchange = CurlExchange()
        defer { exchange.shutDown() }
        let reply = try await stripe(server, exchange).createCustomer(["name": "Ada"], idempotencyKey: "key-1")
        #expect(reply.value.name == "Ada")
        let requests = server.requests
        #expect(requests.count >= 3)
        for request in requests {
            #expect(request.headers["idempotency-key"] == "key-1")
            #expect(request.body == requests[0].body)
        }
    }

    @Test("Nobody listening is an outcome that is known: nothing happened")
    func nobody() async throws {
        let server = try LoopbackServer { _ in .close }
        server.stop()
        let exchange = CurlExchange()
        defer { exchange.shutDown() }
        let stripe = stripe(server, exchange)
        let error = await errorOf { () throws(StripeError) in
            try await stripe.createCustomer(
                [:], idempotencyKey: "k", patience: Patience(maximumAttempts: 2, deadline: 5_000))
        }
        #expect(error?.kind == .unavailable)
        #expect(error?.outcomeUnknown == false)
        #expect(error?.attempts == 2)
    }

    @Test("A server that stalls is given up at the deadline, with the outcome unknown")
    func stall() async throws {
        let server = try LoopbackServer { _ in .stall(milliseconds: 60_000) }
        defer { server.stop() }
        let exchange = CurlExchange()
        defer { exchange.shutDown() }
        let stripe = stripe(server, exchange)
        let started = ContinuousClock.now
        let error = await errorOf { () throws(StripeError) in
            try await stripe.createCustomer(
                [:], idempotencyKey: "k", patience: Patience(maximumAttempts: 2, deadline: 3_000))
        }
        #expect(error?.outcomeUnknown == true)
        #expect(ContinuousClock.now - started < .seconds(30))
    }
}
