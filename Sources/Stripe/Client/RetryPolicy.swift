package import Environment
package import HTTP

/// What is known after an attempt that gave no value.
package struct AttemptFacts: Sendable {
    package enum Outcome: Sendable {
        case failure(HTTPFailure.Kind)
        case answer(status: Int)
    }
    package var outcome: Outcome
    /// `Stripe-Should-Retry`.
    package var shouldRetry: Bool?
    /// `Retry-After`, in milliseconds.
    package var retryAfter: Milliseconds?
    /// `Idempotent-Replayed`.
    package var isReplay: Bool
    /// 1 for the first.
    package var attempt: Int
    /// Milliseconds since the call began.
    package var elapsed: Milliseconds

    package init(
        _ outcome: Outcome, shouldRetry: Bool? = nil, retryAfter: Milliseconds? = nil, isReplay: Bool = false,
        attempt: Int = 1, elapsed: Milliseconds = 0
    ) {
        self.outcome = outcome
        self.shouldRetry = shouldRetry
        self.retryAfter = retryAfter
        self.isReplay = isReplay
        self.attempt = attempt
        self.elapsed = elapsed
    }
}

package enum RetryDecision: Sendable, Equatable {
    case retry(after: Milliseconds, reason: String)
    case stop(reason: String)
}

/// Whether an attempt is worth another one, which always has the same idempotency key and the same body.
///
/// The order is that of Stripe's own libraries (`shouldRetry` in stripe-go's `stripe.go`), with two differences: a 429
/// is retried, since the limiter slows down with it, and a saved failure is not.
package enum RetryPolicy {
    package static let base: Milliseconds = 500
    package static let cap: Milliseconds = 5_000
    /// More than this is not waited for, whatever a proxy asks.
    package static let retryAfterCap: Milliseconds = 10_000

    /// - Parameter fraction: uniform in 0..<1, the jitter.
    package static func decide(_ facts: AttemptFacts, patience: Patience, fraction: Double) -> RetryDecision {
        if facts.attempt >= patience.maximumAttempts { return .stop(reason: "attempts") }
        let reason: String
        switch cause(facts) {
        case .stop(let why): return .stop(reason: why)
        case .retry(let why): reason = why
        }
        let backoff = backoff(afterAttempt: facts.attempt, fraction: fraction)
        // Stripe itself "doesn't (and has not ever)" sent Retry-After (stripe-node PR 2781); a proxy may.
        let delay = max(backoff, min(facts.retryAfter ?? 0, retryAfterCap))
        // An answer that comes after the deadline is of no use, so neither is the wait for it.
        if facts.elapsed + delay >= patience.deadline { return .stop(reason: "deadline") }
        return .retry(after: delay, reason: reason)
    }

    /// Exponential with full jitter, which spreads the retries of many callers best.
    /// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    package static func backoff(afterAttempt attempt: Int, fraction: Double) -> Milliseconds {
        let ceiling = min(cap, base << Milliseconds(min(max(attempt - 1, 0), 16)))
        return Milliseconds(Double(ceiling) * fraction)
    }

    private enum Cause { case retry(String), stop(String) }

    private static func cause(_ facts: AttemptFacts) -> Cause {
        switch facts.outcome {
        // The next attempt would be no different: the process ends, the request is malformed, the answer is as large.
        case .failure(.shutDown), .failure(.invalidRequest), .failure(.responseTooLarge), .failure(.heldBack):
            return .stop("final")
        // No answer: the idempotency key makes another attempt safe even when this one took effect.
        case .failure: return .retry("connection")
        case .answer(let status):
            // Stripe replays a saved failure, 500s included, for as long as it keeps the key: a retry can't differ.
            // https://docs.stripe.com/api/idempotent_requests
            if facts.isReplay, status >= 400 { return .stop("saved failure") }
            // Stripe knows best. It sends `true` with a lock_timeout, `false` with a failure that is there to stay.
            if let shouldRetry = facts.shouldRetry { return shouldRetry ? .retry("asked for") : .stop("asked for") }
            // Another request holds the key or the object for now.
            if status == 409 { return .retry("conflict") }
            // Decided before the idempotency layer (https://docs.stripe.com/error-handling); lock_timeout is one too.
            if status == 429 { return .retry("rate limit") }
            // Stripe or a proxy in between failed.
            if status >= 500 { return .retry("server error") }
            // A success that can't be read: under the same key Stripe will repeat it.
            if (200..<300).contains(status) { return .retry("unreadable") }
            // Any other 3xx and 4xx is an answer to this very request.
            return .stop("answered")
        }
    }
}
