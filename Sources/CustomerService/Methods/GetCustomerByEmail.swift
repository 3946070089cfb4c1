internal import CustomerStore
internal import JSON
internal import Stripe

/// The one customer of an address, without regard to case.
enum GetCustomerByEmail: ServiceMethod {
    static let name = "getCustomerByEmail"

    struct Params: Decodable, Sendable { var email: String }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject? {
        let customers = try await service.sync.lookup.customers(email: params.email, patience: .normal)
        return try await service.theOne(of: customers)?.object
    }
}

extension CustomerService {
    /// The only customer, or of several the only one that is linked to a user.
    /// - Throws: `ambiguous_customer` with all ids.
    func theOne(of customers: [Customer]) async throws(ServiceError) -> Customer? {
        guard customers.count > 1 else { return customers.first }
        var linked: [Customer] = []
        for customer in customers {
            let user = try await stored { () async throws(StoreError) in try await store.user(customerId: customer.id) }
            if user != nil { linked.append(customer) }
        }
        if linked.count == 1 { return linked.first }
        throw ServiceError(
            .ambiguousCustomer, "Several customers have this email",
            details: ["candidates": .array(customers.map { .string($0.id) })])
    }
}
