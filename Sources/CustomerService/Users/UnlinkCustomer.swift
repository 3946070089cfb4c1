import CustomerStore
import Environment
import Interface
import JSON

/// Takes a customer away from its user; at Stripe it stays as it is. The user gets a new one when it is next synced.
enum UnlinkCustomer: ServiceMethod {
    // `mustBeNamed`: which customer a user has is the host's to say; a new one has no debts, and no past.
    static let declaration = MethodDeclaration(
        name: "unlinkCustomer", group: .users, effect: .changesHere, about: [.userId, .customerId], mustBeNamed: true,
        summary: "Takes a Stripe customer off a user.",
        description: "The customer stays at Stripe as it is, and no other one is created by itself.",
        params: [
            .required("userId", .userId),
            .required("customerId", .customerId),
        ],
        result: .user.described("The user without a customer."),
        errors: [
            .userNotFound, .customerNotFound, .idempotencyConflict, .accessDenied, .storageUnavailable,
            .usersTableRefused,
        ],
        example: .init(
            params: ["userId": "user_42", "customerId": "cus_NffrFeUfNV2Hib"],
            result: [
                "id": "user_42", "email": "ada@example.com", "name": "Ada Lovelace", "phone": .null,
                "metadata": ["plan": "pro"], "customerId": .null,
            ]))

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
