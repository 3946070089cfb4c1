import CustomerStore

enum GetUserByCustomerID: ServiceMethod {
    static let name = "getUserByCustomerId"

    struct Params: Decodable, Sendable { var customerId: String }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> User? {
        try await stored(await service.store.user(customerId: params.customerId))
    }
}
