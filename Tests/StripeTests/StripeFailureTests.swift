import Environment
import HTTP
import JSON
import Stripe
import Testing

@Suite("Failures of calls to Stripe")
struct StripeFailureTests {
    @Test(
        "A creation gets through any three failures with the same key and the same bytes",
        arguments: [
            failure(.cannotConnect, outcomeUnknown: false), failure(.timedOut), failure(.truncated),
            answer(409, stripeError(code: "idempotency_key_in_use")), answer(429, stripeError(code: "lock_timeout")),
            answer(429, ""), answer(500, stripeError(type: "api_error")), answer(502, StripeErrorTests.page),
            answer(200, "{"), answer(400, stripeError(), ["stripe-should-retry": "true"]),
        ], 0...3)
    func persistence(trouble: ScriptedExchange.Answer, times: Int) async throws {
        let exchange = ScriptedExchange(Array(repeating: trouble, count: times) + [answer(200, ada)])
        let clock = SteppedClock()
        let stripe = client(exchange, clock: clock)
        let reply = try await stripe.createCustomer(["name": "Ada", "phone": .null], idempotencyKey: "key-1")
        #expect(reply.value.id == "cus_1")
        #expect(exchange.requests.count == times + 1)
        #expect(clock.naps == [250, 500, 1_000].prefix(times).map { $0 })
        for request in exchange.requests {
            #expect(request.body == exchange.requests[0].body)
            #expect(request.headers.contains { $0 == ("Idempotency-Key", "key-1") })
        }
        #expect(stripe.status.counters.retries == times)
        #expect(stripe.status.counters.requests == times + 1)
        #expect(stripe.status.reachable == true)
    }

    struct Ending: Sendable {
        let first: ScriptedExchange.Answer
        let second: ScriptedExchange.Answer
        let unknown: Bool
        let kind: StripeError.Kind
    }

    @Test(
        "An attempt of unknown outcome stays unknown until Stripe gives a final answer under the same key",
        arguments: [
            Ending(first: failure(.timedOut), second: answer(400, stripeError()), unknown: false, kind: .rejected),
            Ending(first: failure(.timedOut), second: answer(401, stripeError()), unknown: true, kind: .authentication),
            Ending(first: failure(.timedOut), second: answer(429, stripeError()), unknown: true, kind: .rateLimited),
            Ending(first: failure(.timedOut), second: answer(404, "nginx"), unknown: true, kind: .unavailable),
            Ending(
                first: failure(.timedOut), second: failure(.cannotConnect, outcomeUnknown: false), unknown: true,
                kind: .unavailable),
            Ending(first: answer(429, ""), second: answer(429, ""), unknown: false, kind: .rateLimited),
        ])
    func outcome(ending: Ending) async throws {
        let stripe = client(ScriptedExchange(ending.first, ending.second))
        let error = try #require(
            await errorOf { () throws(StripeError) in
                try await stripe.createCustomer(
                    [:], idempotencyKey: "k", patience: Patience(maximumAttempts: 2, deadline: 5_000))
            })
        #expect(error.kind == ending.kind)
        #expect(error.outcomeUnknown == ending.unknown)
        #expect(error.attempts == 2)
    }

    @Test("A saved failure is not asked for again")
    func savedFailure() async throws {
        let exchange = ScriptedExchange(answer(500, stripeError(type: "api_error"), ["idempotent-replayed": "true"]))
        let stripe = client(exchange)
        let error = await errorOf { () throws(StripeError) in
            try await stripe.createCustomer([:], idempotencyKey: "k")
        }
        #expect(error?.isReplay == true)
        #expect(error?.outcomeUnknown == true)
        #expect(exchange.requests.count == 1)
        #expect(stripe.status.reachable == true)
    }

    @Test("A replayed success says so")
    func replay() async throws {
        let stripe = client(ScriptedExchange(answer(200, ada, ["idempotent-replayed": "true"])))
        #expect(try await stripe.createCustomer([:], idempotencyKey: "k").isReplay)
    }

    @Test("Stripe-Should-Retry: false ends the call at once")
    func shouldNotRetry() async throws {
        let exchange = ScriptedExchange(answer(500, stripeError(), ["stripe-should-retry": "false"]))
        let stripe = client(exchange)
        let error = await errorOf { () throws(StripeError) in try await stripe.retrieveCustomer("cus_1") }
        #expect(error?.kind == .unavailable)
        #expect(exchange.requests.count == 1)
    }

    // MARK: Time

    @Test(
        "A silent Stripe is given up at the deadline with the outcome unknown, whether the exchange ends or not",
        arguments: [true, false])
    func deadline(endsWhenCancelled: Bool) async throws {
        let stripe = client(SilentExchange(endsWhenCancelled: endsWhenCancelled), clock: RealClock())
        let started = ContinuousClock.now
        let error = try #require(
            await errorOf { () throws(StripeError) in
                try await stripe.createCustomer(
                    [:], idempotencyKey: "k", patience: Patience(maximumAttempts: 4, deadline: 1_100))
            })
        #expect(ContinuousClock.now - started < .seconds(60))
        #expect(error.kind == .unavailable)
        #expect(error.outcomeUnknown)
        #expect(error.safeMessage == "Stripe did not answer in time")
    }

    @Test("A cancelled call ends at once and does not count against Stripe")
    func cancellation() async throws {
        let stripe = client(SilentExchange(), clock: RealClock())
        let call = Task {
            await errorOf { () throws(StripeError) in try await stripe.createCustomer([:], idempotencyKey: "k") }
        }
        try await Task.sleep(for: .milliseconds(50))
        call.cancel()
        let error = try #require(await call.value)
        #expect(error.attempts == 1)
        #expect(error.outcomeUnknown)
        #expect(stripe.status.reachable == nil)
    }

    @Test("Concurrent calls keep the pace")
    func pace() async throws {
        let exchange = ScriptedExchange(answer(200, ada))
        let stripe = client(exchange, clock: RealClock(), requestsPerSecond: 50)
        let started = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { _ = try await stripe.retrieveCustomer("cus_1") } }
            try await group.waitForAll()
        }
        let elapsed = ContinuousClock.now - started
        // 5 at once, 45 at 45 a second.
        #expect(elapsed > .milliseconds(950))
        #expect(stripe.status.counters.rateLimitWaitMilliseconds > 0)
    }

    @Test("A call whose turn would come too late fails without being sent")
    func noTurn() async throws {
        let exchange = ScriptedExchange(answer(200, ada))
        let stripe = client(exchange, requestsPerSecond: 0.1)
        _ = try await stripe.retrieveCustomer("cus_1")
        let error = await errorOf { () throws(StripeError) in
            try await stripe.createCustomer(
                [:], idempotencyKey: "k", patience: Patience(maximumAttempts: 2, deadline: 5_000))
        }
        #expect(error?.kind == .rateLimited)
        #expect(error?.attempts == 0)
        #expect(error?.outcomeUnknown == false)
        #expect(error?.retryable == true)
        #expect(exchange.requests.count == 1)
    }

    @Test("A 429 slows the following calls down")
    func adaptation() async throws {
        let exchange = ScriptedExchange(
            answer(429, stripeError(code: "rate_limit"), ["stripe-rate-limited-reason": "global-rate"]),
            answer(200, ada))
        let clock = SteppedClock()
        let book = LogBook()
        let stripe = client(exchange, clock: clock, log: book.log, requestsPerSecond: 2)
        _ = try await stripe.retrieveCustomer("cus_1")
        // A quarter of a second of backoff, then the rest of the second that one request a second leaves.
        #expect(clock.naps.reduce(0, +) > 900)
        #expect(book.all.contains { $0.hasPrefix("warning stripe.rate_limited") && $0.contains("global-rate") })
        #expect(stripe.status.counters.rateLimited == 1)
    }

    // MARK: The breaker

    @Test("After five failures calls fail fast, and the first answer ends that")
    func breaker() async throws {
        let exchange = ScriptedExchange(
            Array(repeating: failure(.cannotConnect, outcomeUnknown: false), count: 5) + [answer(404, stripeError())])
        let clock = SteppedClock()
        let stripe = client(exchange, clock: clock)
        for _ in 0..<5 {
            _ = await errorOf { () throws(StripeError) in try await stripe.retrieveCustomer("cus_1", patience: .single)
            }
        }
        #expect(stripe.status.circuit == .open)
        #expect(stripe.status.reachable == false)
        #expect(stripe.status.lastFailure == "Stripe could not be reached (scripted)")
        let error = try #require(
            await errorOf { () throws(StripeError) in
                try await stripe.createCustomer([:], idempotencyKey: "k", patience: .normal)
            })
        #expect(error.kind == .unavailable)
        #expect(error.retryable)
        #expect(!error.outcomeUnknown)
        #expect(error.attempts == 0)
        #expect(exchange.requests.count == 5)

        clock.advance(2_000)
        _ = await errorOf { () throws(StripeError) in try await stripe.retrieveCustomer("cus_1") }
        #expect(exchange.requests.count == 6)
        #expect(stripe.status.circuit == .closed)
        #expect(stripe.status.reachable == true)
    }

    @Test("Answers that blame the request never open the breaker", arguments: [400, 401, 403, 404, 409, 429])
    func blame(status: Int) async throws {
        let stripe = client(ScriptedExchange(answer(status, stripeError())))
        for _ in 0..<10 {
            _ = await errorOf { () throws(StripeError) in try await stripe.retrieveCustomer("cus_1", patience: .single)
            }
        }
        #expect(stripe.status.circuit == .closed)
    }

    // MARK: Privacy

    @Test("The log names the endpoint and the request, and nothing of what was sent")
    func log() async throws {
        let book = LogBook()
        let exchange = ScriptedExchange(
            answer(503, "", ["request-id": "req_7"]),
            answer(200, #"{"id":"cus_secret","object":"customer"}"#, ["request-id": "req_8"]))
        let stripe = client(exchange, log: book.log)
        _ = try await stripe.updateCustomer("cus_secret", ["email": "ada@example.com"], idempotencyKey: "key-1")
        #expect(
            book.all == [
                #"debug stripe.request {"method":"POST","path":"/v1/customers/{id}","attempt":1,"status":503,"requestId":"req_7","durationMs":0}"#,
                #"warning stripe.retry {"method":"POST","path":"/v1/customers/{id}","attempt":1,"status":503,"requestId":"req_7","reason":"server error","delayMs":250}"#,
                #"debug stripe.request {"method":"POST","path":"/v1/customers/{id}","attempt":2,"status":200,"requestId":"req_8","durationMs":0}"#,
            ])
    }

    @Test("Neither a description nor a dump of the configuration or the client shows the key")
    func keyStaysHidden() {
        let configuration = StripeConfiguration(apiKey: testKey, account: "acct_1")
        var dumped = "\(configuration) \(String(reflecting: configuration))"
        dump(configuration, to: &dumped)
        dump(client(ScriptedExchange(answer(200, ada))), to: &dumped)
        #expect(!dumped.contains(testKey.dropFirst(8)))
    }

    @Test(
        "The mode follows from the key",
        arguments: [
            ("sk_live_1", true), ("rk_live_1", true), ("sk_test_1", false), ("rk_test_1", false), ("sk_org_1", false),
        ])
    func mode(key: String, isLive: Bool) {
        #expect(StripeConfiguration(apiKey: key).isLive == isLive)
    }
}
