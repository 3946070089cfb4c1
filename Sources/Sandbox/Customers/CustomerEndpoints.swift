import JSON
import SQLite

/// https://docs.stripe.com/api/customers
extension Call {
    func createCustomer() throws(StripeFailure) -> Execution {
        let changes = try CustomerParameters.changes(request.parameters, isCreate: true)
        let attachments = try Attachments(request.parameters)
        return { connection in
            let id = try freshID("cus_", length: 14, in: "customer", &connection)
            var customer = CustomerObject.fresh(id: id, created: now, livemode: livemode)
            try CustomerObject.apply(changes, to: &customer)
            try attach(attachments, to: &customer, in: &connection)
            let text = JSONValue.object(customer).text
            try connection.execute(
                "INSERT INTO customer (account, id, created, email, test_clock, object) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    account, .text(id), .integer(now), .init(customer["email"]?.string),
                    .init(customer["test_clock"]?.string), .text(text),
                ])
            try record("customer.created", customer, in: &connection)
            return text
        }
    }

    func retrieveCustomer(_ id: String) throws(StripeFailure) -> Execution {
        try request.allow(["expand"])
        return { connection in
            let row = try connection.first(
                "SELECT object, deleted FROM customer WHERE account = ? AND id = ?", [account, .text(id)])
            guard let row, let object = row.text(0) else { throw StripeFailure.missing("customer", id) }
            return row.bool(1) ? CustomerObject.deleted(id: id).text : object
        }
    }

    func updateCustomer(_ id: String) throws(StripeFailure) -> Execution {
        let changes = try CustomerParameters.changes(request.parameters, isCreate: false)
        let attachments = try Attachments(request.parameters)
        return { connection in
            let before = try customer(id, in: &connection)
            var after = before
            try CustomerObject.apply(changes, to: &after)
            try attach(attachments, to: &after, in: &connection)
            let text = JSONValue.object(after).text
            let previous = CustomerObject.previousAttributes(before, after)
            // An update that changes nothing is answered, and makes no event.
            guard !previous.isEmpty else { return text }
            try connection.execute(
                "UPDATE customer SET email = ?, object = ? WHERE account = ? AND id = ?",
                [.init(after["email"]?.string), .text(text), account, .text(id)])
            try record("customer.updated", after, previous: previous, in: &connection)
            return text
        }
    }

    /// "Permanently deletes a customer. It cannot be undone. Also immediately cancels any active subscriptions on the
    /// customer." Of the row only the stub and its place in the order stay.
    func deleteCustomer(_ id: String) throws(StripeFailure) -> Execution {
        try request.allow([])
        return { connection in
            let customer = try customer(id, in: &connection)
            let stub = CustomerObject.deleted(id: id).text
            try connection.execute(
                "UPDATE customer SET deleted = 1, email = NULL, object = ? WHERE account = ? AND id = ?",
                [.text(stub), account, .text(id)])
            try cancelSubscriptions(of: id, in: &connection)
            try removeAttached(to: id, in: &connection)
            try record("customer.deleted", customer, in: &connection)
            return stub
        }
    }

    /// Customers on a test clock are shown only to who asks for that clock.
    func listCustomers() throws(StripeFailure) -> Execution {
        try request.allow(Pagination.parameters + ["created", "email", "test_clock"])
        let page = try Pagination(request.parameters)
        var customers = Listing("customer", kind: "customer", account: account)
        customers.filter("deleted = 0")
        // The exact email, found through the index that search uses. Without the `+` SQLite would put the constant into
        // the first term too, and then not see the index.
        if let email = request.parameters["email"]?.text {
            customers.filter("lower(email) = lower(?) AND +email = ?", [.text(email), .text(email)])
        }
        let clock = request.parameters["test_clock"]?.text
        customers.filter("test_clock IS ?", [.init(clock)])
        try customers.filterCreated(request.parameters["created"])
        return { [customers] connection in try customers.page(page, url: "/v1/customers", &connection) }
    }

    /// `page` is opaque to a client: the place of the last object of the page before.
    func searchCustomers() throws(StripeFailure) -> Execution {
        try request.allow(["expand", "limit", "page", "query"])
        guard let text = request.parameters["query"]?.text else { throw StripeFailure.missingParameter("query") }
        let query = try SearchQuery(text)
        let limit = try Pagination.limit(request.parameters)
        var customers = Listing("customer", kind: "customer", account: account)
        customers.filter("deleted = 0")
        query.filter(&customers)
        if let page = request.parameters["page"]?.text {
            let place = page.split(separator: "-").compactMap { Int64($0) }
            guard place.count == 2 else { throw StripeFailure(param: "page", message: "Invalid page: \(page)") }
            customers.start(after: place[0], place[1])
        }
        return { [customers] connection in
            let rows = try customers.rows(limit: limit + 1, &connection)
            let hasMore = rows.count > limit
            let data = rows.prefix(limit).compactMap { $0.text(0) }.joined(separator: ",")
            var next = "null"
            if hasMore, let created = rows[limit - 1].integer(1), let sequence = rows[limit - 1].integer(2) {
                next = "\"\(created)-\(sequence)\""
            }
            return """
                {"object":"search_result","data":[\(data)],"has_more":\(hasMore),"next_page":\(next),\
                "url":"/v1/customers/search"}
                """
        }
    }

    /// - Throws: 404 for a customer that never was or is deleted.
    private func customer(_ id: String, in connection: inout Connection) throws -> JSONObject {
        let row = try connection.first(
            "SELECT object FROM customer WHERE account = ? AND id = ? AND deleted = 0", [account, .text(id)])
        guard let text = row?.text(0) else { throw StripeFailure.missing("customer", id) }
        return try JSONValue.stored(text)
    }
}
