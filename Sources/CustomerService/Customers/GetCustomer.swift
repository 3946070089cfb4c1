import JSON
import Stripe

/// The customer as Stripe has it.
enum GetCustomer: ServiceMethod {
    static let name = "getCustomer"

    struct Params: Decodable, Sendable { var customerId: String }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        try await service.livingCustomer(params.customerId).object
    }
}
