import CustomerStore

enum GetUserByEmail: ServiceMethod {
    static let name = "getUserByEmail"

    struct Params: Decodable, Sendable { var email: String }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> User? {
        try await withStore { () async throws(StoreError) in
            // The policy has seen that the address is the actor's own. In a host's table another may have it too.
            if context.isConfined { return try await service.store.user(context.actor?.id ?? "") }
            return try await service.store.user(email: params.email)
        }
    }
}
