internal import JSON
internal import SQLite

/// What can stand in the way of deleting a customer. The sandbox only lists them; tests put them there.
enum BillingKind: String {
    case subscription, invoice

    var prefix: String { self == .subscription ? "sub_" : "in_" }
    var url: String { "/v1/\(rawValue)s" }
}

extension Call {
    func listBilling(_ kind: BillingKind) throws(StripeFailure) -> Execution {
        try request.allow(Pagination.parameters + ["created", "customer", "status"])
        let page = try Pagination(request.parameters)
        var objects = Listing("billing", kind: kind.rawValue, account: account)
        objects.filter("kind = ?", [.text(kind.rawValue)])
        if let customer = request.parameters["customer"]?.text { objects.filter("customer = ?", [.text(customer)]) }
        switch (kind, request.parameters["status"]?.text) {
        // "If no value is supplied, all subscriptions that have not been canceled are returned."
        case (.subscription, nil): objects.filter("status <> 'canceled'")
        case (.subscription, "all"?), (.invoice, nil): break
        case (.subscription, "ended"?): objects.filter("status IN ('canceled', 'incomplete_expired')")
        case (_, let status?): objects.filter("status = ?", [.text(status)])
        }
        try objects.filterCreated(request.parameters["created"])
        return { [objects] connection in try objects.page(page, url: kind.url, &connection) }
    }

    func insertBilling(
        _ kind: BillingKind, customer: String, status: String, in connection: inout Connection
    ) throws -> String {
        let id = try freshID(kind.prefix, length: 24, in: "billing", &connection)
        let object: JSONValue = [
            "id": .string(id), "object": .string(kind.rawValue), "created": .number(JSONNumber(now)),
            "currency": "usd", "customer": .string(customer), "livemode": .bool(livemode), "metadata": [:],
            "status": .string(status),
        ]
        try connection.execute(
            "INSERT INTO billing (account, id, created, kind, customer, status, object) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                account, .text(id), .integer(now), .text(kind.rawValue), .text(customer), .text(status),
                .text(object.text),
            ])
        return id
    }

    func cancelSubscriptions(of customer: String, in connection: inout Connection) throws {
        let rows = try connection.query(
            """
            UPDATE billing SET status = 'canceled', object = json_set(object, '$.status', 'canceled')
            WHERE account = ? AND kind = 'subscription' AND customer = ?
            AND status NOT IN ('canceled', 'incomplete_expired') RETURNING object
            """, [account, .text(customer)])
        for row in rows {
            guard let text = row.text(0) else { continue }
            try record("customer.subscription.deleted", JSONValue.stored(text), in: &connection)
        }
    }
}
