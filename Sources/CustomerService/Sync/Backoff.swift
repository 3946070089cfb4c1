package import Environment

/// How long a queued change waits before its next attempt: exponential with full jitter
/// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
package enum Backoff {
    package static let base: Milliseconds = 1_000
    /// Short enough that the queue drains soon after an outage.
    package static let cap: Milliseconds = 60_000

    /// Never at once: an attempt has just failed.
    private static let shortest: Milliseconds = 100
    /// No entry of the queue can have been meant to wait for longer.
    package static let longest = shortest + cap

    /// - Parameter fraction: Random in 0..<1.
    package static func delay(afterAttempts attempts: Int, fraction: Double) -> Milliseconds {
        let ceiling = min(cap, base << min(max(attempts.subtractingSaturated(1), 0), 10))
        return shortest + Milliseconds(Double(ceiling) * fraction)
    }
}
