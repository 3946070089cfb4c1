internal import CustomerStore
internal import Environment
internal import JSON
internal import Stripe

/// Gives a user a customer that exists at Stripe already.
enum LinkCustomer: ServiceMethod {
    static let name = "linkCustomer"
    static let repetition: Repetition? = .user

    struct Params: Decodable, Sendable {
        var userId: String
        var customerId: String
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> User {
        let customer = try await service.livingCustomer(params.customerId)
        // It is to name its user there.
        if customer.owner == nil, let count = customer.metadata?.count, count >= 50 {
            throw .violation(
                of: "maxProperties", at: "/customerId", params: ["limit": 49],
                "has \(count) metadata keys, which leaves no room for userId")
        }
        return try await service.sync.withLease(.user(params.userId), "the user") { () async throws(ServiceError) in
            let linked = try await stored { () async throws(StoreError) in
                try await service.store.linkExisting(
                    params.customerId, to: params.userId, under: context.hostKey, at: service.clock.now())
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
