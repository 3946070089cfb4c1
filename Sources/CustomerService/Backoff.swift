package import Environment

/// How long a queued change waits before its next attempt: exponential with full jitter
/// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
package enum Backoff {
    package static let base: Milliseconds = 1_000
    /// Short enough that the queue drains soon after an outage.
    package static let cap: Milliseconds = 60_000

    /// - Parameter fraction: Random in 0..<1.
    package static func delay(afterAttempts attempts: Int, fraction: Double) -> Milliseconds {
        let ceiling = min(cap, base << min(max(attempts - 1, 0), 10))
        // Never at once: an attempt has just failed.
        return 100 + Milliseconds(Double(ceiling) * fraction)
    }
}
