import JSON
import Stripe

/// Whether the key may read what the process reads. What it may write shows only by writing, so that is not tried.
enum RightsCheck {
    static let name = "rights"
    static let customers = "/v1/customers"

    /// What is read, the permission as Stripe names it in its errors, and the query with which nothing much is read.
    private static let search = "/v1/customers/search"
    private static let reads: [(what: String, path: String, permission: String, query: JSONObject)] = [
        ("customers", customers, "rak_customer_read", ["limit": 1]),
        ("subscriptions", "/v1/subscriptions", "rak_subscription_read", ["limit": 1]),
        ("invoices", "/v1/invoices", "rak_invoice_read", ["limit": 1]),
        ("events", "/v1/events", "rak_event_read", ["limit": 1]),
        (
            "the search of customers", search, "rak_customer_read",
            ["limit": 1, "query": "metadata[\"userId\"]:\"stripe-customers-check\""]
        ),
    ]

    /// - Parameter first: what became of the read of customers.
    static func look(
        _ options: Options, _ probe: StripeProbe, _ first: Result<JSONObject, StripeError>
    ) async -> Finding {
        var missing: [(what: String, permission: String)] = []
        var unanswered: [String] = []
        var refused: [(what: String, why: String)] = []
        var notes = ""
        for read in reads {
            let result = read.path == customers ? first : await probe.read(read.path, read.query)
            guard case .failure(let error) = result else { continue }
            switch error.kind {
            case .permission: missing.append((read.what, error.missingPermission ?? read.permission))
            // https://docs.stripe.com/search: "not available to merchants in India".
            case .rejected where read.path == search, .notFound where read.path == search:
                notes = "; \(read.what) is not offered there (\(error.safeMessage))"
            case .rejected, .notFound: refused.append((read.what, error.safeMessage))
            default: unanswered.append("\(read.what) (\(error.safeMessage))")
            }
        }
        if !missing.isEmpty {
            let permissions = missing.map(\.permission).reduce(into: [String]()) {
                if !$0.contains($1) { $0.append($1) }
            }
            return .failed(
                name,
                "the key may not read \(missing.map(\.what).joined(separator: ", ")): it lacks "
                    + permissions.joined(separator: ", "),
                next: "grant that to the restricted key in Stripe's dashboard (API keys), or take a secret key (sk_…)",
                ["missing": .array(permissions.map { .string($0) })])
        }
        if !unanswered.isEmpty {
            return .failed(
                name, "Stripe did not tell about \(unanswered.joined(separator: ", "))", next: "check again in a minute"
            )
        }
        if let first = refused.first {
            let isWhole = refused.count == reads.count - 1
            return .failed(
                name,
                (isWhole ? "nothing" : "no \(refused.map(\.what).joined(separator: ", "))")
                    + " can be read: \(first.why)",
                next:
                    "see in Stripe's dashboard whether the account is in order, and --api-base whether it leads to Stripe"
            )
        }
        return .ok(name, "customers, subscriptions, invoices and events can be read; writing is not tried" + notes)
    }
}
