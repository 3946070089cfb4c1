package import Environment

/// How many requests may go at a given time: a token bucket that adapts, as a pure state machine.
///
/// Callers take numbered tickets and go when the bucket's credit has reached their number. So the order is that of
/// arrival, and a rate that falls while they wait holds them back as well.
///
/// A 429 halves the rate, at most once a second since one overload is answered by many of them; time without one
/// brings it back by a twentieth of the ceiling a second (the additive increase and multiplicative decrease of TCP).
package struct TokenBucket: Sendable {
    package typealias Ticket = Int

    /// Requests a second when nothing is wrong, and at the worst.
    package let ceiling: Double
    package let floor: Double
    /// How many may go at once after a pause.
    package let burst: Double
    /// Requests a second now.
    package private(set) var rate: Double

    private var issued: Ticket = 0
    /// All tickets up to this number may go. Grows with time, never past what was issued plus the burst.
    private var credit: Double
    private var last: Milliseconds?
    private var lastHalving: Milliseconds?

    /// - Parameter limit: what no one-second window exceeds. Less than `rate + burst + 1` go in a second, so from 10 a
    ///   second on a tenth of the limit is the burst and the rest the rate. Below that the burst is 1 and the rate a
    ///   twentieth less than the limit: the room for a request that is late on its way and has the next at its heels.
    package init(limit: Double) {
        burst = max(1, (limit / 10).rounded(.down))
        ceiling = limit >= 10 ? limit - burst : limit * 0.95
        floor = min(1, ceiling)
        rate = ceiling
        credit = burst
    }

    /// A place in the queue, or `nil` when the wait would be longer than `patience` as far as can be told now.
    package mutating func take(at now: Milliseconds, patience: Milliseconds) -> Ticket? {
        advance(to: now)
        guard delay(until: issued + 1) <= patience else { return nil }
        issued += 1
        return issued
    }

    /// Milliseconds until the ticket's turn; 0 when it may go. To be asked again after the wait.
    package mutating func delay(of ticket: Ticket, at now: Milliseconds) -> Milliseconds {
        advance(to: now)
        return delay(until: ticket)
    }

    /// Stripe answered 429.
    package mutating func rateLimited(at now: Milliseconds) {
        advance(to: now)
        if let lastHalving, (0..<1_000).contains(now - lastHalving) { return }
        lastHalving = now
        rate = max(floor, rate / 2)
        // What was saved up for a burst is gone.
        credit = min(credit, Double(issued))
    }

    private func delay(until ticket: Ticket) -> Milliseconds {
        // A hundredth of a millisecond less, so that rounding errors of many additions don't cost a whole one.
        let milliseconds = (Double(ticket) - credit) / rate * 1_000 - 0.01
        return milliseconds <= 0 ? 0 : Milliseconds(milliseconds.rounded(.up))
    }

    private mutating func advance(to now: Milliseconds) {
        // The time of day can go backwards; then no time has passed.
        let seconds = Double(max(0, now - (last ?? now))) / 1_000
        last = now
        rate = min(ceiling, rate + seconds * ceiling / 20)
        credit = min(credit + seconds * rate, Double(issued) + burst)
    }
}
