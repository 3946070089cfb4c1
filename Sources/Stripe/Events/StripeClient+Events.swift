package import Environment
package import JSON

extension StripeClient {
    /// Newest first, 30 days back at most. https://docs.stripe.com/api/events/list
    ///
    /// - Parameters:
    ///   - types: up to 20 names such as `customer.updated`; none means all.
    ///   - createdFrom: milliseconds since 1970; the whole second in which it lies is in.
    package func listEvents(
        types: [String] = [], limit: Int = 10, startingAfter: String? = nil, endingBefore: String? = nil,
        createdFrom: Milliseconds? = nil, patience: Patience = .normal
    ) async throws(StripeError) -> StripeReply<Page<JSONObject>> {
        var query: JSONObject = ["limit": .number(JSONNumber(limit))]
        if !types.isEmpty { query["types"] = .array(types.map { .string($0) }) }
        query["starting_after"] = startingAfter.map { .string($0) }
        query["ending_before"] = endingBefore.map { .string($0) }
        query["created"] = range(from: createdFrom)
        return try await perform(.get("/v1/events", query: query), patience) { Page($0) { $0 } }
    }
}
