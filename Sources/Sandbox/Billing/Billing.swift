import JSON
import SQLite

/// What hangs on a customer. Subscriptions and invoices are only listed; tests put them there.
enum BillingKind: String {
    case subscription, invoice
    case paymentMethod = "payment_method"
    case card
    case taxID = "tax_id"

    var prefix: String {
        switch self {
        case .subscription: "sub_"
        case .invoice: "in_"
        case .paymentMethod: "pm_"
        case .card: "card_"
        case .taxID: "txi_"
        }
    }
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
        case (.subscription, "all"?), (_, nil): break
        case (.subscription, "ended"?): objects.filter("status IN ('canceled', 'incomplete_expired')")
        case (_, let status?): objects.filter("status = ?", [.text(status)])
        }
        try objects.filterCreated(request.parameters["created"])
        let customer = request.parameters["customer"]?.text
        return { [objects] connection in
            if let customer { try requireCustomer(customer, param: "customer", status: 400, in: &connection) }
            return try objects.page(page, url: "/v1/\(kind.rawValue)s", &connection)
        }
    }

    /// `/v1/customers/{id}/payment_methods` and `/v1/customers/{id}/tax_ids`.
    func listAttached(_ kind: BillingKind, to customer: String) throws(StripeFailure) -> Execution {
        try request.allow(Pagination.parameters + (kind == .paymentMethod ? ["type"] : []))
        let page = try Pagination(request.parameters)
        var objects = Listing("billing", kind: kind.rawValue, account: account)
        objects.filter("kind = ? AND customer = ?", [.text(kind.rawValue), .text(customer)])
        if let type = request.parameters["type"]?.text {
            objects.filter("json_extract(object, '$.type') = ?", [.text(type)])
        }
        return { [objects] connection in
            try requireCustomer(customer, in: &connection)
            return try objects.page(page, url: "/v1/customers/\(customer)/\(kind.rawValue)s", &connection)
        }
    }

    /// A deleted one counts: what it had can still be listed.
    private func requireCustomer(
        _ id: String, param: String = "id", status: Int = 404, in connection: inout Connection
    ) throws {
        let row = try connection.first(
            "SELECT 1 FROM customer WHERE account = ? AND id = ?", [account, .text(id)])
        if row == nil { throw StripeFailure.missing("customer", id, status: status, param: param) }
    }

    /// - Parameter fields: What such an object has beside the members that all have.
    /// - Returns: The object.
    @discardableResult
    func insertBilling(
        _ kind: BillingKind, customer: String, _ fields: JSONObject, in connection: inout Connection
    ) throws -> JSONObject {
        let id = try freshID(kind.prefix, length: 24, in: "billing", &connection)
        var object: JSONObject = [
            "id": .string(id), "object": .string(kind.rawValue), "created": .number(JSONNumber(now)),
            "customer": .string(customer), "livemode": .bool(livemode), "metadata": [:],
        ]
        for member in fields.members { object[member.name] = member.value }
        try connection.execute(
            "INSERT INTO billing (account, id, created, kind, customer, status, object) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                account, .text(id), .integer(now), .text(kind.rawValue), .text(customer),
                .text(fields["status"]?.string ?? ""), .text(JSONValue.object(object).text),
            ])
        return object
    }

    /// With the customer its payment methods and tax ids are gone.
    func removeAttached(to customer: String, in connection: inout Connection) throws {
        try connection.execute(
            "DELETE FROM billing WHERE account = ? AND customer = ? AND kind NOT IN ('subscription', 'invoice')",
            [account, .text(customer)])
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
