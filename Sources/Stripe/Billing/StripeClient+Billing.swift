package import JSON

// What hangs on a customer.

extension StripeClient {
    /// How many subscriptions deleting the customer would end; more than 100 count as 100.
    package func activeSubscriptionCount(
        customer: String, patience: Patience = .normal
    ) async throws(StripeError) -> StripeReply<Int> {
        var walk = walk("/v1/subscriptions")
        var count = 0
        while true {
            // Without a status: all that are not canceled. https://docs.stripe.com/api/subscriptions/list
            let page = try await list(
                "/v1/subscriptions", ofCustomer: customer, status: nil, limit: 100, startingAfter: walk.place, patience
            ).value
            // The first payment never came: such a one is over, although it isn't "canceled".
            count += page.data.count { $0["status"]?.string != "incomplete_expired" }
            guard count < 100, try walk.goesOn(after: page) else { return StripeReply(value: min(count, 100)) }
        }
    }

    /// - Parameter status: `draft`, `open`, `paid`, `uncollectible` or `void`.
    ///   https://docs.stripe.com/api/invoices/list
    package func listInvoices(
        customer: String, status: String? = nil, limit: Int = 10, patience: Patience = .normal
    ) async throws(StripeError) -> StripeReply<Page<JSONObject>> {
        try await list("/v1/invoices", ofCustomer: customer, status: status, limit: limit, patience)
    }

    /// Ended ones too: "passing in a value of `all` will return subscriptions of all statuses"
    /// (https://docs.stripe.com/api/subscriptions/list).
    package func allSubscriptions(customer: String) async throws(StripeError) -> [JSONObject] {
        try await all("/v1/subscriptions", ofCustomer: customer, status: "all")
    }

    package func allInvoices(customer: String) async throws(StripeError) -> [JSONObject] {
        try await all("/v1/invoices", ofCustomer: customer, status: nil)
    }

    private func all(
        _ template: String, ofCustomer customer: String, status: String?
    ) async throws(StripeError) -> [JSONObject] {
        try await everything(template) { place throws(StripeError) in
            try await list(
                template, ofCustomer: customer, status: status, limit: 100, startingAfter: place, .normal
            ).value
        }
    }

    private func list(
        _ template: String, ofCustomer customer: String, status: String?, limit: Int, startingAfter: String? = nil,
        _ patience: Patience
    ) async throws(StripeError) -> StripeReply<Page<JSONObject>> {
        var query: JSONObject = ["customer": .string(customer), "limit": .number(JSONNumber(limit))]
        query["status"] = status.map { .string($0) }
        query["starting_after"] = startingAfter.map { .string($0) }
        return try await perform(.get(template, query: query), patience) {
            Page($0) { $0 }
        } isAsked: { page in
            page.data.allSatisfy { isOf(customer, $0) }
        }
    }
}

/// Whether the object hangs on the customer, which it names by its id or holds. One that tells of none contradicts nothing.
private func isOf(_ customer: String, _ object: JSONObject) -> Bool {
    guard let named = object["customer"]?.string ?? object["customer"]?["id"]?.string else { return true }
    return sameCodePoints(named, customer)
}
