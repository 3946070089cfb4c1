import HTTP
import JSON
import SQLite

/// What is left to do once the parameters are valid. An error thrown here is the answer of an endpoint that began to
/// execute, and is saved under the idempotency key.
typealias Execution = (inout Connection) throws -> String

extension Call {
    /// Finds the endpoint and checks the parameters.
    /// - Throws: 404 for a path that Stripe doesn't have, 400 for parameters that it refuses.
    func prepare() throws(StripeFailure) -> Execution {
        let path = request.path
        guard 2...4 ~= path.count, path[0] == "v1" else { throw unknownRoute }
        if path.count == 4 { return try attachedTo(path) }
        let id = path.count == 3 ? path[2] : nil
        switch (request.method, path[1], id) {
        case (.post, "customers", nil): return try createCustomer()
        case (.get, "customers", nil): return try listCustomers()
        case (.get, "customers", "search"): return try searchCustomers()
        case (.get, "customers", let id?): return try retrieveCustomer(id)
        case (.post, "customers", let id?): return try updateCustomer(id)
        case (.delete, "customers", let id?): return try deleteCustomer(id)
        case (.get, "subscriptions", nil): return try listBilling(.subscription)
        case (.get, "invoices", nil): return try listBilling(.invoice)
        case (.get, "events", nil): return try listEvents()
        case (.get, "events", let id?): return try retrieveEvent(id)
        default: throw unknownRoute
        }
    }

    private func attachedTo(_ path: [String]) throws(StripeFailure) -> Execution {
        switch (request.method, path[1], path[3]) {
        case (.get, "customers", "payment_methods"): return try listAttached(.paymentMethod, to: path[2])
        case (.get, "customers", "tax_ids"): return try listAttached(.taxID, to: path[2])
        default: throw unknownRoute
        }
    }

    private var unknownRoute: StripeFailure { .unknownRoute(request.method.rawValue, request.pathText) }
}
