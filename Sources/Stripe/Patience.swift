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
    /// For a call that somebody waits for and that something else can make good later.
    package static let brief = Patience(maximumAttempts: 2, deadline: 5_000)
    package static let single = Patience(maximumAttempts: 1, deadline: 60_000)
}
