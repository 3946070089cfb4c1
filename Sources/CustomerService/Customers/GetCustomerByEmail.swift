import CustomerStore
import JSON
import Stripe

/// The one customer of an address, without regard to case.
enum GetCustomerByEmail: ServiceMethod {
    static let name = "getCustomerByEmail"

    struct Params: Decodable, Sendable { var email: String }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject? {
        if context.isConfined { return try await ownCustomer(of: context.actor?.id ?? "", params.email, service) }
        let customers = try await service.sync.lookup.customers(email: params.email, patience: .normal)
        return try await service.theOne(of: customers)?.object
    }

    /// Addresses are not unique: another customer of the same one, whosever it is, is no business of the actor's.
    private static func ownCustomer(
        of userId: String, _ email: String, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject? {
        let user = try await stored(await service.store.user(userId))
        guard let customerId = user?.customerId, let customer = try await service.presentCustomer(customerId),
            !customer.isDeleted, sameAddress(customer.email ?? "", email)
        else { return nil }
        return customer.object
    }
}
