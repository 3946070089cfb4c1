import Environment
import HTTP
import JSON
import Stripe
import Synchronization
import TestSupport
import Testing

/// Falls when it is asked for the `last`th time.
private final class FallingFence: Sendable {
    private let asked = Atomic(0)
    private let last: Int
    init(after last: Int) { self.last = last }
    var stands: Bool { asked.add(1, ordering: .relaxed).newValue <= last }
}

private enum Mutation: CaseIterable, Sendable {
    case create, update, delete

    func send(_ stripe: StripeClient, _ patience: Patience = .normal) async throws(StripeError) -> StripeReply<Customer>
    {
        switch self {
        case .create: try await stripe.createCustomer([:], idempotencyKey: "key", patience: patience)
        case .update: try await stripe.updateCustomer("cus_1", [:], idempotencyKey: "key", patience: patience)
        case .delete: try await stripe.deleteCustomer("cus_1", patience: patience)
        }
    }
}

@Suite("The fence at the send")
struct FenceTests {
    @Test(
        "What its fence holds back is not sent, has not happened and may be tried again", arguments: Mutation.allCases)
    private func fallen(mutation: Mutation) async throws {
        let exchange = ScriptedExchange(answer(200, ada))
        let stripe = client(exchange)
        let error = await errorOf { () async throws(StripeError) in
            try await fenced(while: { false }) { () async throws(StripeError) in try await mutation.send(stripe) }
        }
        #expect(exchange.requests.isEmpty)
        #expect(error?.kind == .unavailable && error?.outcomeUnknown == false && error?.retryable == true)
        // It says nothing about Stripe.
        #expect(stripe.status.reachable == nil && stripe.status.counters.requests == 0)
    }

    @Test("Each attempt is looked at, so that a repetition is held back too", arguments: 1...3)
    func attempts(number: Int) async throws {
        let exchange = ScriptedExchange(failure(.connectionLost))
        let stripe = client(exchange)
        let fence = FallingFence(after: number)
        let error = await errorOf { () async throws(StripeError) in
            try await fenced(while: { fence.stands }) { () async throws(StripeError) in
                try await stripe.createCustomer([:], idempotencyKey: "key")
            }
        }
        #expect(exchange.requests.count == number)
        #expect(error?.outcomeUnknown == true)
    }

    @Test("Of several fences each counts, and what only reads needs none")
    func nested() async throws {
        let exchange = ScriptedExchange(answer(200, ada))
        let stripe = client(exchange)
        for (outer, inner) in [(false, true), (true, false), (true, true)] {
            _ = await errorOf { () async throws(StripeError) in
                try await fenced(while: { outer }) { () async throws(StripeError) in
                    _ = try await stripe.retrieveCustomer("cus_1")
                    return try await fenced(while: { inner }) { () async throws(StripeError) in
                        try await stripe.updateCustomer("cus_1", [:], idempotencyKey: "key")
                    }
                }
            }
        }
        #expect(exchange.requests.map(\.method) == [.get, .get, .get, .post])
    }

    @Test("A change whose caller has long given up is not sent", arguments: Mutation.allCases)
    private func forgotten(mutation: Mutation) async throws {
        let clock = SteppedClock()
        // The process is stopped while the first attempt fails.
        let exchange = SleepingExchange(clock: clock, sleep: 3_600_000)
        let stripe = client(exchange, clock: clock)
        _ = await errorOf { () async throws(StripeError) in try await mutation.send(stripe) }
        #expect(exchange.count == 1)
        #expect(exchange.mayBeSent == false)
    }

    @Test("libcurl asks at the last moment: nothing arrives")
    func lastMoment() async throws {
        let server = try LoopbackServer { _ in .text("{}") }
        let http = CurlExchange()
        for isReused in [false, true] {
            if isReused { _ = try await http.send(HTTPRequest(method: .get, url: server.url)) }
            let before = server.requests.count
            let request = HTTPRequest(method: .post, url: server.url, mayBeSent: { false })
            let failure = await #expect(throws: HTTPFailure.self) { try await http.send(request) }
            #expect(failure?.kind == .heldBack && failure?.outcomeUnknown == false)
            #expect(server.requests.count == before)
        }
        let request = HTTPRequest(method: .post, url: server.url, mayBeSent: { true })
        #expect(try await http.send(request).status == 200)
    }
}

/// Fails after a long time, and tells whether its request might still be sent then.
private final class SleepingExchange: HTTPExchange {
    private let clock: SteppedClock
    private let sleep: Milliseconds
    private let seen = Mutex((count: 0, mayBeSent: Bool?.none))

    init(clock: SteppedClock, sleep: Milliseconds) {
        self.clock = clock
        self.sleep = sleep
    }

    var count: Int { seen.withLock { $0.count } }
    var mayBeSent: Bool? { seen.withLock { $0.mayBeSent } }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        clock.advance(sleep)
        seen.withLock { $0 = ($0.count + 1, request.mayBeSent?()) }
        throw HTTPFailure(kind: .cannotConnect, outcomeUnknown: false, detail: "scripted")
    }
}
