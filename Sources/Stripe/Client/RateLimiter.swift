import Environment
import Synchronization

/// Holds callers back until the token bucket lets them go, first come, first served.
final class RateLimiter: Sendable {
    private let bucket: Mutex<TokenBucket>
    private let clock: any WallClock

    init(limit: Double, clock: any WallClock) {
        bucket = Mutex(TokenBucket(limit: limit))
        self.clock = clock
    }

    /// The milliseconds waited, or `nil` when the caller's turn doesn't come within `patience` or its task was cancelled.
    func wait(within patience: Milliseconds) async -> Milliseconds? {
        guard let ticket = bucket.withLock({ $0.take(at: clock.steady(), patience: patience) }) else { return nil }
        var waited: Milliseconds = 0
        while true {
            let delay = bucket.withLock { $0.delay(of: ticket, at: clock.steady()) }
            if delay == 0 { return waited }
            // The rate has fallen since. The ticket is lost, which only errs on the polite side.
            if Task.isCancelled || waited + delay > patience { return nil }
            await clock.sleep(delay)
            waited += delay
        }
    }

    func rateLimited() {
        bucket.withLock { $0.rateLimited(at: clock.steady()) }
    }
}
