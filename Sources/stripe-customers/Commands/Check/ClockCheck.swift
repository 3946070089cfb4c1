import Environment
import JSON

/// Whether the machine's clock is near Stripe's.
enum ClockCheck {
    static let name = "clock"
    /// Seconds: "our libraries have a default tolerance of 5 minutes" for the time in a webhook's signature
    /// (https://docs.stripe.com/webhooks#verify-manually).
    static let tolerance: Int64 = 300

    static func look(_ options: Options, _ probe: StripeProbe) -> Finding {
        if options.sandbox { return .skipped(name, "the sandbox goes by the machine's") }
        guard let offset = probe.clockOffset else { return .skipped(name, "no answer of Stripe's told the time") }
        return look(offset: offset)
    }

    /// - Parameter offset: milliseconds that Stripe's clock is ahead.
    static func look(offset: Milliseconds) -> Finding {
        let seconds = offset.magnitude / 1000
        let facts: JSONObject = ["aheadSeconds": .number(JSONNumber(offset / 1000))]
        let words =
            seconds < 120
            ? "\(seconds) seconds"
            : seconds < 7200 ? "\((seconds + 30) / 60) minutes" : "\((seconds + 1800) / 3600) hours"
        guard seconds > UInt64(tolerance) else {
            // An answer takes its time, and its header has whole seconds.
            return .ok(name, seconds < 5 ? "as Stripe's" : "within \(words) of Stripe's", facts)
        }
        return .failed(
            name,
            "the clock here is \(words) \(offset > 0 ? "behind" : "ahead of") Stripe's, so that the signature of every webhook is refused",
            next: "set it, best by NTP", facts)
    }
}
