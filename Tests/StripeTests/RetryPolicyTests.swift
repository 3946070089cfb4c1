import Environment
import HTTP
import Stripe
import Testing

@Suite("Retry policy")
struct RetryPolicyTests {
    struct Row: Sendable {
        let facts: AttemptFacts
        let decision: RetryDecision
        init(_ facts: AttemptFacts, _ decision: RetryDecision) {
            self.facts = facts
            self.decision = decision
        }
    }

    @Test(
        "Every kind of end is decided as documented",
        arguments: [
            Row(.init(.failure(.cannotConnect)), .retry(after: 250, reason: "connection")),
            Row(.init(.failure(.timedOut)), .retry(after: 250, reason: "connection")),
            Row(.init(.failure(.connectionLost)), .retry(after: 250, reason: "connection")),
            Row(.init(.failure(.truncated)), .retry(after: 250, reason: "connection")),
            Row(.init(.failure(.tls)), .retry(after: 250, reason: "connection")),
            Row(.init(.failure(.responseTooLarge)), .stop(reason: "final")),
            Row(.init(.failure(.shutDown)), .stop(reason: "final")),
            Row(.init(.failure(.invalidRequest)), .stop(reason: "final")),

            Row(.init(.answer(status: 409)), .retry(after: 250, reason: "conflict")),
            Row(.init(.answer(status: 429)), .retry(after: 250, reason: "rate limit")),
            Row(.init(.answer(status: 500)), .retry(after: 250, reason: "server error")),
            Row(.init(.answer(status: 503)), .retry(after: 250, reason: "server error")),
            Row(.init(.answer(status: 200)), .retry(after: 250, reason: "unreadable")),
            Row(.init(.answer(status: 400)), .stop(reason: "answered")),
            Row(.init(.answer(status: 401)), .stop(reason: "answered")),
            Row(.init(.answer(status: 402)), .stop(reason: "answered")),
            Row(.init(.answer(status: 404)), .stop(reason: "answered")),
            Row(.init(.answer(status: 302)), .stop(reason: "answered")),

            // What Stripe says goes before the status, and a replay before what Stripe says.
            Row(.init(.answer(status: 400), shouldRetry: true), .retry(after: 250, reason: "asked for")),
            Row(.init(.answer(status: 429), shouldRetry: false), .stop(reason: "asked for")),
            Row(.init(.answer(status: 500), shouldRetry: false), .stop(reason: "asked for")),
            Row(.init(.answer(status: 500), shouldRetry: true, isReplay: true), .stop(reason: "saved failure")),
            Row(.init(.answer(status: 500), isReplay: true), .stop(reason: "saved failure")),

            // A proxy's wish, within reason.
            Row(.init(.answer(status: 503), retryAfter: 3_000), .retry(after: 3_000, reason: "server error")),
            Row(.init(.answer(status: 503), retryAfter: 90_000), .retry(after: 10_000, reason: "server error")),
            Row(.init(.answer(status: 503), retryAfter: 100), .retry(after: 250, reason: "server error")),

            Row(.init(.answer(status: 503), attempt: 3), .retry(after: 1_000, reason: "server error")),
            Row(.init(.answer(status: 503), attempt: 4), .stop(reason: "attempts")),
            Row(.init(.answer(status: 503), shouldRetry: true, attempt: 4), .stop(reason: "attempts")),
            Row(.init(.answer(status: 503), elapsed: 59_749), .retry(after: 250, reason: "server error")),
            Row(.init(.answer(status: 503), elapsed: 59_750), .stop(reason: "deadline")),
        ])
    func table(row: Row) {
        #expect(RetryPolicy.decide(row.facts, patience: .normal, fraction: 0.5) == row.decision)
    }

    @Test(
        "Backoff doubles from half a second to five, with jitter over the whole of it",
        arguments: [(1, 500), (2, 1_000), (3, 2_000), (4, 4_000), (5, 5_000), (6, 5_000), (200, 5_000)])
    func backoff(attempt: Int, ceiling: Milliseconds) {
        #expect(RetryPolicy.backoff(afterAttempt: attempt, fraction: 0) == 0)
        #expect(RetryPolicy.backoff(afterAttempt: attempt, fraction: 0.5) == ceiling / 2)
        #expect(RetryPolicy.backoff(afterAttempt: attempt, fraction: 0.999_999) == ceiling - 1)
    }

    @Test("A single attempt is never repeated")
    func single() {
        let facts = AttemptFacts(.answer(status: 503), shouldRetry: true)
        #expect(RetryPolicy.decide(facts, patience: .single, fraction: 0) == .stop(reason: "attempts"))
    }
}
