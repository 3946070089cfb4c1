package import Environment

/// Stops calling a Stripe that doesn't answer, as a pure state machine.
///
/// ```
/// closed --5 failures in a row--> open --cooldown over, one probe admitted--> halfOpen
///    ^                             ^                                              |
///    |                             +--the probe failed: cooldown doubled----------+
///    +--any answer from Stripe----------------------------------------------------+
/// ```
/// A failure is a request without an answer, or a 5xx. A 4xx, 429 included, is Stripe at work.
///
/// One event is one failure, however many requests it meets: a failure only counts when its request was admitted after
/// the failure before it was known. Else eight requests that one connection takes down would open the breaker, and
/// their retries were never sent.
package struct CircuitBreaker: Sendable {
    package enum State: Sendable, Equatable {
        case closed(failures: Int)
        /// Nothing goes before `until`; `cooldown` is how long it lasts in all.
        case open(until: Milliseconds, cooldown: Milliseconds)
        /// One request is on its way; the rest waits for what becomes of it.
        case halfOpen(cooldown: Milliseconds)
    }

    package enum Admission: Sendable, Equatable {
        /// - `after`: how many failures were known at the time, in all.
        case pass(after: Int)
        case probe, refuse
    }

    package static let threshold = 5
    package static let firstCooldown: Milliseconds = 2_000
    package static let longestCooldown: Milliseconds = 30_000

    package private(set) var state: State = .closed(failures: 0)
    /// All failures that have counted.
    private var counted = 0

    package init() {}

    /// Whether a request may go. Each admitted one is reported back by one of the three calls below.
    package mutating func admit(at now: Milliseconds) -> Admission {
        switch state {
        case .closed: return .pass(after: counted)
        case .halfOpen: return .refuse
        case .open(let until, let cooldown):
            // Further off than the cooldown is long: the time of day went backwards.
            guard now >= until || until - now > cooldown else { return .refuse }
            state = .halfOpen(cooldown: cooldown)
            return .probe
        }
    }

    /// Stripe answered; from any state, for a straggler's answer is as good as the probe's.
    package mutating func succeeded() { state = .closed(failures: 0) }

    package mutating func failed(_ admission: Admission, at now: Milliseconds) {
        switch state {
        case .closed(let failures):
            guard admission == .pass(after: counted) else { return }
            counted += 1
            state =
                failures + 1 < Self.threshold
                ? .closed(failures: failures + 1)
                : .open(until: now + Self.firstCooldown, cooldown: Self.firstCooldown)
        case .halfOpen(let cooldown) where admission == .probe:
            let next = min(cooldown * 2, Self.longestCooldown)
            state = .open(until: now + next, cooldown: next)
        // A straggler from before says nothing new.
        case .halfOpen, .open: break
        }
    }

    /// The request was not sent after all, or its end tells nothing about Stripe: the next one may probe.
    package mutating func abandoned(_ admission: Admission, at now: Milliseconds) {
        if case .halfOpen(let cooldown) = state, admission == .probe { state = .open(until: now, cooldown: cooldown) }
    }
}
