package import Environment

/// How long a caller is willing to wait for an answer, retries included.
package struct Patience: Sendable {
    package var maximumAttempts: Int
    /// Milliseconds from the call to its answer at most: attempts, backoff and the wait for the rate limiter together.
    package var deadline: Milliseconds

    package init(maximumAttempts: Int, deadline: Milliseconds) {
        self.maximumAttempts = maximumAttempts
        self.deadline = deadline
    }

    package static let normal = Patience(maximumAttempts: 4, deadline: 60_000)
    /// For work that the queue repeats anyway. Few attempts, but longer than a transfer may take (80 s): one that is left
    /// behind might take effect after the next attempt has looked and found nothing.
    package static let brief = Patience(maximumAttempts: 2, deadline: 90_000)
}
