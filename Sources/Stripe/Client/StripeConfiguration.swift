/// Which Stripe account is called, with which key, at what pace.
package struct StripeConfiguration: Sendable {
    /// The API version that every request names, so that an account's default can't change what the code reads.
    /// https://docs.stripe.com/api/versioning
    package static let stripeVersion = "2026-09-30.endive"

    /// Scheme, host and port, without a path.
    package var apiBase: String
    /// The only place that holds the key. `description` and `Mirror` leave it out.
    package var apiKey: String
    /// Where the operator finds the key: a variable, or an option that names a file.
    package var keySource = "the configuration"
    /// A connected account (`acct_…`) to act for: the `Stripe-Account` header.
    package var account: String?
    /// The limit that is never exceeded in any one second. `nil` takes the limit of the key's mode; 0 means no limit.
    package var requestsPerSecond: Double?

    package init(
        apiBase: String = "https://api.stripe.com", apiKey: String, account: String? = nil,
        requestsPerSecond: Double? = nil
    ) {
        // Paths begin with a slash of their own.
        self.apiBase = apiBase.hasSuffix("/") ? String(apiBase.dropLast()) : apiBase
        self.apiKey = apiKey
        self.account = account
        self.requestsPerSecond = requestsPerSecond
    }

    /// Secret and restricted keys carry their mode in the prefix. https://docs.stripe.com/keys
    package var isLive: Bool { apiKey.hasPrefix("sk_live_") || apiKey.hasPrefix("rk_live_") }

    /// Where an id has its meaning, in words for a message.
    var place: String { "\(isLive ? "live" : "test") mode of \(account.map { "the account \($0)" } ?? "this account")" }

    /// "Live mode: 100 operations per second. Sandbox: 25." https://docs.stripe.com/rate-limits
    var effectiveLimit: Double { requestsPerSecond ?? (isLive ? 100 : 25) }
}

extension StripeConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        "StripeConfiguration(\(apiBase), \(isLive ? "live" : "test"), account: \(account ?? "own"))"
    }
    package var debugDescription: String { description }

    /// What `dump` and reflection see: everything but the key.
    package var customMirror: Mirror {
        Mirror(
            self,
            children: [
                "apiBase": apiBase, "account": account as Any, "requestsPerSecond": requestsPerSecond as Any,
                "isLive": isLive,
            ])
    }
}
