import Environment
import Stripe
import Testing

@Suite("Circuit breaker")
struct CircuitBreakerTests {
    private func opened(at now: Milliseconds = 0) -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for _ in 0..<5 { fail(&breaker, at: now) }
        return breaker
    }

    /// A request that is admitted and fails.
    private func fail(_ breaker: inout CircuitBreaker, at now: Milliseconds) {
        breaker.failed(breaker.admit(at: now), at: now)
    }

    @Test("Five failures in a row open it, a success among them does not")
    func opens() {
        var breaker = CircuitBreaker()
        for _ in 0..<4 { fail(&breaker, at: 0) }
        #expect(breaker.state == .closed(failures: 4))
        breaker.succeeded()
        #expect(breaker.state == .closed(failures: 0))
        for _ in 0..<5 { fail(&breaker, at: 100) }
        #expect(breaker.state == .open(until: 2_100, cooldown: 2_000))
    }

    @Test("However many requests one event takes down, it is one failure")
    func concurrency() {
        var breaker = CircuitBreaker()
        let together = (0..<8).map { _ in breaker.admit(at: 0) }
        for admission in together { breaker.failed(admission, at: 10) }
        #expect(breaker.state == .closed(failures: 1))
        // The retries of all of them are admitted, and fail again: the second failure.
        let again = (0..<8).map { _ in breaker.admit(at: 20) }
        #expect(again == Array(repeating: .pass(after: 1), count: 8))
        for admission in again { breaker.failed(admission, at: 30) }
        #expect(breaker.state == .closed(failures: 2))
        // A straggler of the first event, after a success, is none.
        breaker.succeeded()
        breaker.failed(together[0], at: 40)
        #expect(breaker.state == .closed(failures: 0))
    }

    @Test("After the cooldown one probe goes and the others wait for it")
    func probe() {
        var breaker = opened()
        #expect(breaker.admit(at: 1_999) == .refuse)
        #expect(breaker.admit(at: 2_000) == .probe)
        #expect(breaker.admit(at: 2_000) == .refuse)
        breaker.succeeded()
        #expect(breaker.admit(at: 2_001) == .pass(after: 5))
    }

    @Test("Each failed probe doubles the cooldown, up to half a minute")
    func doubling() {
        var breaker = opened()
        var now: Milliseconds = 2_000
        for cooldown in [4_000, 8_000, 16_000, 30_000, 30_000] as [Milliseconds] {
            #expect(breaker.admit(at: now) == .probe)
            breaker.failed(.probe, at: now)
            #expect(breaker.state == .open(until: now + cooldown, cooldown: cooldown))
            now += cooldown
        }
    }

    @Test("A probe that was not sent leaves room for the next")
    func abandoned() {
        var breaker = opened()
        #expect(breaker.admit(at: 2_000) == .probe)
        breaker.abandoned(.probe, at: 2_500)
        #expect(breaker.admit(at: 2_500) == .probe)
        #expect(breaker.state == .halfOpen(cooldown: 2_000))
    }

    @Test("A straggler's failure changes nothing, its success closes")
    func stragglers() {
        var breaker = opened()
        breaker.failed(.pass(after: 4), at: 1_000)
        #expect(breaker.state == .open(until: 2_000, cooldown: 2_000))
        #expect(breaker.admit(at: 2_000) == .probe)
        breaker.failed(.pass(after: 4), at: 2_100)
        breaker.abandoned(.pass(after: 4), at: 2_100)
        #expect(breaker.state == .halfOpen(cooldown: 2_000))
        breaker.succeeded()
        #expect(breaker.state == .closed(failures: 0))
    }

    @Test("A time of day that goes backwards does not keep it open")
    func backwards() {
        var breaker = opened(at: 3_600_000)
        #expect(breaker.admit(at: 1_000) == .probe)
    }
}
