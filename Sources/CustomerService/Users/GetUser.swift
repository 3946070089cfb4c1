import CustomerStore
import Interface
import JSON

enum GetUser: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "getUser", group: .users, effect: .reads, about: [.userId],
        summary: "Reads a user by id.",
        description: "Answers from the database without a call to Stripe.",
        params: [
            .required("userId", .userId)
        ],
        result: .either(.user, .null).described("The user, `null` when there is none."),
        errors: [.accessDenied, .storageUnavailable],
        example: .init(
            params: ["userId": "user_42"],
            result: [
                "id": "user_42", "email": "ada@example.com", "name": "Ada Lovelace", "phone": .null,
                "metadata": ["plan": "pro"], "customerId": "cus_NffrFeUfNV2Hib",
            ]))

    struct Params: Decodable, Sendable { var userId: String }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> User? {
        try await stored(await service.store.user(params.userId))
    }
}
