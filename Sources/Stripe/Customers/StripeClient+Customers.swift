package import Environment
package import JSON

// https://docs.stripe.com/api/customers

extension StripeClient {
    /// - Parameters:
    ///   - fields: Stripe's own names; `null` unsets.
    ///   - idempotencyKey: at most 255 characters; the same one only ever with the same fields.
    package func createCustomer(
        _ fields: JSONObject, idempotencyKey: String, patience: Patience = .normal
    ) async throws(StripeError) -> StripeReply<Customer> {
        try await perform(.post("/v1/customers", fields, key: idempotencyKey), patience, read: Customer.init)
    }

    /// Changes the given fields only; metadata is merged key by key.
    ///
    /// - Throws: `.notFound` for a deleted customer as well.
    package func updateCustomer(
        _ id: String, _ fields: JSONObject, idempotencyKey: String, patience: Patience = .normal
    ) async throws(StripeError) -> StripeReply<Customer> {
        let call = StripeCall.post("/v1/customers/{id}", id: try ObjectID(id), fields, key: idempotencyKey)
        return try await perform(call, patience, read: Customer.init) { $0.has(id) && !$0.isDeleted }
    }

    /// A deleted customer is no error: it comes back with `isDeleted`.
    package func retrieveCustomer(
        _ id: String, patience: Patience = .normal
    ) async throws(StripeError) -> StripeReply<Customer> {
        try await perform(.get("/v1/customers/{id}", id: try ObjectID(id)), patience, read: Customer.init) {
            $0.has(id)
        }
    }

    /// "Permanently deletes a customer. It cannot be undone. Also immediately cancels any active subscriptions."
    ///
    /// - Returns: the customer with `isDeleted`.
    /// - Throws: `.notFound` when there is none, which after a lost answer means that the deletion has happened.
    package func deleteCustomer(
        _ id: String, patience: Patience = .normal
    ) async throws(StripeError) -> StripeReply<Customer> {
        try await perform(.delete("/v1/customers/{id}", id: try ObjectID(id)), patience, read: Customer.init) {
            $0.has(id) && $0.isDeleted
        }
    }

    /// Newest first, without deleted ones; up to date at once, where search lags.
    ///
    /// - Parameters:
    ///   - email: an exact, case-sensitive filter.
    ///   - limit: 1 to 100.
    ///   - createdFrom: milliseconds since 1970; Stripe filters by whole seconds, so the whole first one is in.
    package func listCustomers(
        email: String? = nil, limit: Int = 10, startingAfter: String? = nil, createdFrom: Milliseconds? = nil,
        patience: Patience = .normal
    ) async throws(StripeError) -> StripeReply<Page<Customer>> {
        var query: JSONObject = ["limit": .number(JSONNumber(limit))]
        query["email"] = email.map { .string($0) }
        query["starting_after"] = startingAfter.map { .string($0) }
        query["created"] = range(from: createdFrom)
        return try await perform(.get("/v1/customers", query: query), patience) {
            Page($0, element: Customer.init)
        } isAsked: { page in
            page.data.allSatisfy { $0.fits(email: email, createdFrom: createdFrom) }
        }
    }

    /// Finds without regard to case, but "don't use search for read-after-write flows": up to a minute late as a rule,
    /// an hour in an outage. https://docs.stripe.com/search#data-freshness
    ///
    /// - Parameter page: `next` of the page before.
    package func searchCustomers(
        _ query: CustomerQuery, limit: Int = 10, page: String? = nil, patience: Patience = .normal
    ) async throws(StripeError) -> StripeReply<Page<Customer>> {
        var parameters: JSONObject = ["query": .string(query.text), "limit": .number(JSONNumber(limit))]
        parameters["page"] = page.map { .string($0) }
        return try await perform(.get("/v1/customers/search", query: parameters), patience) {
            Page($0, element: Customer.init)
        } isAsked: { page in
            page.data.allSatisfy(query.mayFind)
        }
    }
}

extension Customer {
    fileprivate func has(_ id: String) -> Bool { sameCodePoints(self.id, id) }

    /// Whether a list with these filters may have it. Stripe's own filter by address is exact; a stand-in that does not
    /// mind the case does no harm.
    fileprivate func fits(email: String?, createdFrom: Milliseconds?) -> Bool {
        if let email, !sameAddress(self.email ?? "", email) { return false }
        if let createdFrom, let created, created < createdFrom / 1_000 { return false }
        return true
    }
}

/// `{gte}` in seconds: the one in which the millisecond lies. `nil` without a bound.
func range(from: Milliseconds?) -> JSONValue? {
    from.map { ["gte": .number(JSONNumber($0 / 1_000))] }
}
