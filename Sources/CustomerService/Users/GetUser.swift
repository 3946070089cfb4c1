import CustomerStore

enum GetUser: ServiceMethod {
    static let name = "getUser"

    struct Params: Decodable, Sendable { var userId: String }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> User? {
        try await stored(await service.store.user(params.userId))
    }
}
