package import Environment
package import HTTP
import JSON
import Synchronization

/// Speaks to Stripe on behalf of one account: one call in, one value or one `StripeError` out.
///
/// The way of a call: circuit breaker, rate limiter, HTTP exchange, reading of the answer, and on failure
/// `RetryPolicy`, which has the same bytes sent again or gives up. The endpoints are in `StripeClient+Customers.swift`
/// and `StripeClient+Related.swift`.
package final class StripeClient: Sendable {
    private let configuration: StripeConfiguration
    private let exchange: any HTTPExchange
    private let clock: any WallClock
    private let identifiers: any Identifiers
    let log: Log

    private let limiter: RateLimiter?
    private let searchLimiter: RateLimiter?
    private let breaker = Mutex(CircuitBreaker())
    private let seen = Mutex(StripeStatus())

    package init(
        configuration: StripeConfiguration, exchange: any HTTPExchange, clock: any WallClock,
        identifiers: any Identifiers, log: Log
    ) {
        self.configuration = configuration
        self.exchange = exchange
        self.clock = clock
        self.identifiers = identifiers
        self.log = log
        let limit = configuration.effectiveLimit
        limiter = limit > 0 ? RateLimiter(limit: limit, clock: clock) : nil
        // "Search: 20 read operations per second." https://docs.stripe.com/rate-limits
        searchLimiter = limit > 0 ? RateLimiter(limit: min(limit, 20), clock: clock) : nil
    }

    /// What has been seen of Stripe so far; asking sends nothing.
    package var status: StripeStatus {
        var status = seen.withLock { $0 }
        status.circuit =
            switch breaker.withLock({ $0.state }) {
            case .closed: .closed
            case .open: .open
            case .halfOpen: .halfOpen
            }
        return status
    }

    /// Sends a call until it has a value, an error that is final, or no patience left.
    ///
    /// - Parameters:
    ///   - read: the value in the answer's object, or `nil` when it is something else.
    ///   - isAsked: whether the value is about what the call asked for. A proxy that mixes up two answers would hand
    ///     one customer to another's user: such an answer is none.
    func perform<Value: Sendable>(
        _ call: StripeCall, _ patience: Patience, read: (JSONObject) -> Value?,
        isAsked: (Value) -> Bool = { _ in true }
    ) async throws(StripeError) -> StripeReply<Value> {
        let began = clock.steady()
        var request = request(for: call)
        if call.isMutation { request.mayBeSent = fence(began, patience) }
        var attempt = 0
        var outcomeUnknown = false
        var last: StripeError?
        while true {
            let admission = breaker.withLock { $0.admit(at: clock.steady()) }
            let remaining = max(0, patience.deadline - elapsed(since: began))
            if let refusal = await refusal(admission, call, request, within: remaining) {
                breaker.withLock { $0.abandoned(admission, at: clock.steady()) }
                // What Stripe said says more than why it wasn't asked again.
                throw (last ?? refusal).after(attempt, configuration, outcomeUnknown: outcomeUnknown)
            }

            attempt += 1
            let sent = clock.steady()
            let answer: StripeAnswer<Value>
            switch await send(request, within: patience.deadline - elapsed(since: began)) {
            case .success(let response):
                answer = StripeAnswer(response, isMutation: call.isMutation, read: read, isAsked: isAsked)
            case .failure(let failure):
                answer = StripeAnswer(failure, isMutation: call.isMutation, isCancelled: Task.isCancelled)
            }
            record(answer, of: call, admission, attempt: attempt, duration: elapsed(since: sent))
            RequestTrail.current?.note(answer.requestID, isMutation: call.isMutation)

            let error: StripeError
            switch answer.result {
            case .success(let reply): return reply
            case .failure(let failure): error = failure
            }
            last = error
            outcomeUnknown = error.outcomeUnknown || (outcomeUnknown && !error.settlesEarlierAttempts)
            let facts = answer.facts(error, attempt: attempt, elapsed: elapsed(since: began))
            let decision = RetryPolicy.decide(facts, patience: patience, fraction: identifiers.fraction())
            guard case .retry(let delay, let reason) = decision, !Task.isCancelled else {
                throw error.after(attempt, configuration, outcomeUnknown: outcomeUnknown)
            }
            log(
                .warning, "stripe.retry",
                describe(call, answer, attempt, ["reason": .string(reason), "delayMs": .number(JSONNumber(delay))]))
            await clock.sleep(delay)
            if Task.isCancelled { throw error.after(attempt, configuration, outcomeUnknown: outcomeUnknown) }
            seen.withLock { $0.counters.retries += 1 }
        }
    }
}

// MARK: - Before an attempt

extension StripeClient {
    private func request(for call: StripeCall) -> HTTPRequest {
        var headers: [(name: String, value: String)] = [
            ("Authorization", "Bearer " + configuration.apiKey),
            ("Stripe-Version", StripeConfiguration.stripeVersion),
        ]
        if let account = configuration.account { headers.append(("Stripe-Account", account)) }
        if let key = call.idempotencyKey { headers.append(("Idempotency-Key", key)) }
        if call.method == .post { headers.append(("Content-Type", "application/x-www-form-urlencoded")) }
        return HTTPRequest(
            method: call.method, url: configuration.apiBase + call.target, headers: headers, body: call.body)
    }

    /// Why an attempt may not be made now; `nil` once it may.
    private func refusal(
        _ admission: CircuitBreaker.Admission, _ call: StripeCall, _ request: HTTPRequest,
        within patience: Milliseconds
    ) async -> StripeError? {
        if admission == .refuse {
            return StripeError(.unavailable, detail: "Stripe has not been answering; calls are held back for a moment")
        }
        var waited: Milliseconds = 0
        defer { seen.withLock { $0.counters.rateLimitWaitMilliseconds += waited } }
        for limiter in [call.isSearch ? searchLimiter : nil, limiter].compactMap(\.self) {
            guard let wait = await limiter.wait(within: patience - waited) else {
                return StripeError(
                    .rateLimited, detail: "The call did not get its turn under Stripe's rate limit in time")
            }
            waited += wait
        }
        if let mayBeSent = request.mayBeSent, !mayBeSent() {
            let failure = HTTPFailure(kind: .heldBack, outcomeUnknown: false, detail: "its fence has fallen")
            return StripeError(failure, isMutation: call.isMutation)
        }
        return nil
    }

    /// A change goes out only while the fence stands and the caller still waits. libcurl asks too, once it is connected:
    /// the process may be stopped at any instruction before that.
    private func fence(_ began: Milliseconds, _ patience: Patience) -> @Sendable () -> Bool {
        let (fence, clock) = (Fence.current, clock)
        let limit = patience.deadline.addingSaturated(Self.shortestAttempt)
        return { (fence?.stands() ?? true) && clock.steady().subtractingSaturated(began) < limit }
    }

    private func elapsed(since start: Milliseconds) -> Milliseconds { max(0, clock.steady() - start) }
}

// MARK: - The attempt

extension StripeClient {
    /// An attempt that has begun gets a second even past the deadline: cut off sooner, it would only leave its outcome
    /// unknown.
    private static let shortestAttempt: Milliseconds = 1_000

    private func send(
        _ request: HTTPRequest, within milliseconds: Milliseconds
    ) async -> Result<HTTPResponse, HTTPFailure> {
        let exchange = exchange
        let result = await withDeadline(max(milliseconds, Self.shortestAttempt)) {
            do throws(HTTPFailure) {
                return Result<HTTPResponse, HTTPFailure>.success(try await exchange.send(request))
            } catch {
                return .failure(error)
            }
        }
        let timeIsUp = HTTPFailure(kind: .timedOut, outcomeUnknown: true, detail: "the call's deadline passed")
        return result ?? .failure(timeIsUp)
    }
}

// MARK: - After an attempt

extension StripeClient {
    private func record<Value>(
        _ answer: StripeAnswer<Value>, of call: StripeCall, _ admission: CircuitBreaker.Admission, attempt: Int,
        duration: Milliseconds
    ) {
        let moment = clock.steady()
        breaker.withLock { breaker in
            switch answer.reachability {
            case .answered: breaker.succeeded()
            case .failed: breaker.failed(admission, at: moment)
            case .unknown: breaker.abandoned(admission, at: moment)
            }
        }
        let now = clock.now()
        seen.withLock { seen in
            seen.counters.requests += 1
            if answer.status == 429 { seen.counters.rateLimited += 1 }
            switch answer.reachability {
            case .answered:
                seen.reachable = true
                seen.lastSuccess = now
            case .failed:
                seen.reachable = false
                if case .failure(let error) = answer.result { seen.lastFailure = error.safeMessage }
            case .unknown: break
            }
        }
        log(.debug, "stripe.request", describe(call, answer, attempt, ["durationMs": .number(JSONNumber(duration))]))
        if answer.status == 429 { slowDown(call, answer, attempt) }
        if answer.isUnasked { log(.error, "stripe.answer_unasked", describe(call, answer, attempt, [:])) }
    }

    private func slowDown<Value>(_ call: StripeCall, _ answer: StripeAnswer<Value>, _ attempt: Int) {
        let reason = answer.rateLimitedReason ?? "unknown"
        log(.warning, "stripe.rate_limited", describe(call, answer, attempt, ["reason": .string(reason)]))
        // Two requests for one object got in each other's way; the pace is not to blame.
        // https://docs.stripe.com/rate-limits#object-lock-timeouts
        if case .failure(let error) = answer.result, error.code == "lock_timeout" { return }
        if reason == "resource-specific" { return }
        // A limit of the endpoint says nothing about the others; only search has a limiter for itself.
        if call.isSearch, reason.hasPrefix("endpoint") { searchLimiter?.rateLimited() } else { limiter?.rateLimited() }
    }

    /// What the log may hold of an attempt: never a body, a query, a key or an id.
    private func describe<Value>(
        _ call: StripeCall, _ answer: StripeAnswer<Value>, _ attempt: Int, _ further: JSONObject
    ) -> JSONObject {
        var fields: JSONObject = [
            "method": .string(call.method.rawValue), "path": .string(call.template),
            "attempt": .number(JSONNumber(attempt)),
        ]
        fields["status"] = answer.status.map { .number(JSONNumber($0)) }
        if case .failure(let kind) = answer.outcome { fields["failure"] = .string(kind.rawValue) }
        fields["requestId"] = answer.requestID.map { .string($0) }
        fields["traceparent"] = RequestTrail.current?.traceparent.map { .string($0) }
        for member in further.members { fields[member.name] = member.value }
        return fields
    }
}

extension StripeError {
    fileprivate func after(
        _ attempts: Int, _ configuration: StripeConfiguration, outcomeUnknown: Bool
    ) -> StripeError {
        var error = self
        error.attempts = attempts
        error.keySource = configuration.keySource
        error.place = configuration.place
        error.outcomeUnknown = outcomeUnknown
        return error
    }
}
