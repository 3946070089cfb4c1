import CustomerStore
import Environment
import JSON

/// Takes a customer away from its user; at Stripe it stays as it is. The user gets a new one when it is next synced.
enum UnlinkCustomer: ServiceMethod {
    static let name = "unlinkCustomer"
    static let repetition: Repetition? = .user

    struct Params: Decodable, Sendable {
        var userId: String
        var customerId: String
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> User {
        try await service.sync.withLease(.user(params.userId), "the user") { () async throws(ServiceError) in
            let (known, user) = try await withStore { () async throws(StoreError) in
                (
                    try await service.store.user(params.userId) != nil,
                    try await service.store.unlink(
                        params.customerId, from: params.userId, under: context.hostKey, at: service.clock.now())
                )
            }
            guard known else { throw ServiceError.userNotFound(params.userId) }
            guard let user else {
                throw ServiceError(
                    .customerNotFound, "The user does not have this customer",
                    details: ["userId": .string(params.userId), "customerId": .string(params.customerId)])
            }
            return user
        }
    }
}
