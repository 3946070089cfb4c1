package import Environment
package import JSON

// What hangs on a customer, and what has happened.

extension StripeClient {
    /// How many subscriptions deleting the customer would end; more than 100 count as 100.
    package func activeSubscriptionCount(
        customer: String, patience: Patience = .normal
    ) async throws(StripeError) -> StripeReply<Int> {
        // Without a status: all that are not canceled. https://docs.stripe.com/api/subscriptions/list
        let reply = try await list("/v1/subscriptions", ofCustomer: customer, status: nil, limit: 100, patience)
        // The first payment never came: such a one is over, although it isn't "canceled".
        let live = reply.value.data.filter { $0["status"]?.string != "incomplete_expired" }
        return StripeReply(value: live.count)
    }

    /// - Parameter status: `draft`, `open`, `paid`, `uncollectible` or `void`.
    ///   https://docs.stripe.com/api/invoices/list
    package func listInvoices(
        customer: String, status: String? = nil, limit: Int = 10, patience: Patience = .normal
    ) async throws(StripeError) -> StripeReply<Page<JSONObject>> {
        try await list("/v1/invoices", ofCustomer: customer, status: status, limit: limit, patience)
    }

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

    /// Ended ones too: "passing in a value of `all` will return subscriptions of all statuses"
    /// (https://docs.stripe.com/api/subscriptions/list).
    package func allSubscriptions(customer: String) async throws(StripeError) -> [JSONObject] {
        try await all("/v1/subscriptions", ofCustomer: customer, status: "all")
    }

    package func allInvoices(customer: String) async throws(StripeError) -> [JSONObject] {
        try await all("/v1/invoices", ofCustomer: customer, status: nil)
    }

    /// Page after page.
    private func all(
        _ template: String, ofCustomer customer: String, status: String?
    ) async throws(StripeError) -> [JSONObject] {
        var all: [JSONObject] = []
        while true {
            let page = try await list(
                template, ofCustomer: customer, status: status, limit: 100, startingAfter: all.last?["id"]?.string,
                .normal
            ).value
            all += page.data
            if page.data.isEmpty || !page.hasMore { return all }
        }
    }

    private func list(
        _ template: String, ofCustomer customer: String, status: String?, limit: Int, startingAfter: String? = nil,
        _ patience: Patience
    ) async throws(StripeError) -> StripeReply<Page<JSONObject>> {
        var query: JSONObject = ["customer": .string(customer), "limit": .number(JSONNumber(limit))]
        query["status"] = status.map { .string($0) }
        query["starting_after"] = startingAfter.map { .string($0) }
        return try await perform(.get(template, query: query), patience) { Page($0) { $0 } }
    }
}
