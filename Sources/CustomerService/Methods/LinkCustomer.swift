internal import CustomerStore
internal import Environment
internal import JSON
internal import Stripe

/// Gives a user a customer that exists at Stripe already.
enum LinkCustomer: ServiceMethod {
    static let name = "linkCustomer"

    struct Params: Decodable, Sendable {
        var userId: String
        var customerId: String
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> User {
        _ = try await service.livingCustomer(params.customerId)
        return try await service.sync.withLease(.user(params.userId), "the user") { () async throws(ServiceError) in
            let linked = try await stored { () async throws(StoreError) in
                try await service.store.linkExisting(
                    params.customerId, to: params.userId, at: service.clock.now())
            }
            guard let user = linked else { throw ServiceError.userNotFound(params.userId) }
            guard let customerId = user.customerId, sameCodePoints(customerId, params.customerId) else {
                throw ServiceError(
                    .customerAlreadyExists, "The user has another customer; unlink it first",
                    details: [
                        "userId": .string(user.id), "customerId": user.customerId.map { .string($0) } ?? .null,
                    ])
            }
            return user
        }
    }
}
