package import JSON

extension StripeClient {
    /// Any object of Stripe's, only to see whether it may be read.
    /// - Parameter template: the path as the log may show it.
    package func probe(
        _ template: String, _ query: JSONObject = [:], patience: Patience
    ) async throws(StripeError) -> JSONObject {
        try await perform(.get(template, query: query), patience) { $0 }.value
    }
}
