package import Environment

/// What the client has seen of Stripe so far; asking for it sends nothing.
package struct StripeStatus: Sendable {
    package enum Circuit: String, Sendable { case closed, open, halfOpen }

    package struct Counters: Sendable {
        /// Requests sent, each attempt counted.
        package var requests = 0
        package var retries = 0
        /// Answers with status 429.
        package var rateLimited = 0
        /// What the client's own limiter held back, summed over all requests.
        package var rateLimitWaitMilliseconds: Milliseconds = 0
    }

    /// Whether the last request got an answer from Stripe; `nil` before the first.
    package var reachable: Bool?
    package var lastSuccess: Milliseconds?
    /// Holds no secret and no personal data.
    package var lastFailure: String?
    package var circuit: Circuit = .closed
    package var counters = Counters()

    package init() {}
}
