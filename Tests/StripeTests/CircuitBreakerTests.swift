import Environment
import Stripe
import Testing

@Suite("Circuit breaker")
struct CircuitBreakerTests {
    private func opened(at now: Milliseconds = 0) -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for _ in 0..<5 {
            _ = breaker.admit(at: now)
            breaker.failed(.pass, at: now)
        }
        return breaker
    }

    @Test("Five failures in a row open it, a success among them does not")
    func opens() {
        var breaker = CircuitBreaker()
        for _ in 0..<4 { breaker.failed(.pass, at: 0) }
        #expect(breaker.state == .closed(failures: 4))
        breaker.succeeded()
        #expect(breaker.state == .closed(failures: 0))
        for _ in 0..<5 { breaker.failed(.pass, at: 100) }
        #expect(breaker.state == .open(until: 2_100, cooldown: 2_000))
    }

    @Test("After the cooldown one probe goes and the others wait for it")
    func probe() {
        var breaker = opened()
        #expect(breaker.admit(at: 1_999) == .refuse)
        #expect(breaker.admit(at: 2_000) == .probe)
        #expect(breaker.admit(at: 2_000) == .refuse)
        breaker.succeeded()
        #expect(breaker.admit(at: 2_001) == .pass)
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
        breaker.failed(.pass, at: 1_000)
        #expect(breaker.state == .open(until: 2_000, cooldown: 2_000))
        #expect(breaker.admit(at: 2_000) == .probe)
        breaker.failed(.pass, at: 2_100)
        breaker.abandoned(.pass, at: 2_100)
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
