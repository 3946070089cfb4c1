internal import CustomerStore

enum GetUserByEmail: ServiceMethod {
    static let name = "getUserByEmail"

    struct Params: Decodable, Sendable { var email: String }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> User? {
        try await stored { () async throws(StoreError) in try await service.store.user(email: params.email) }
    }
}
