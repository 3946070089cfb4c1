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
