import CustomerStore
import Interface
import JSON

enum GetUserByCustomerID: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "getUserByCustomerId", group: .users, effect: .reads, about: [.customerId],
        summary: "Finds the user linked to a Stripe customer.",
        description: "Answers from the database without a call to Stripe.",
        params: [
            .required("customerId", .customerId)
        ],
        result: .either(.user, .null).described("The user, `null` when none is linked."),
        errors: [.accessDenied, .storageUnavailable],
        example: .init(
            params: ["customerId": "cus_NffrFeUfNV2Hib"],
            result: [
                "id": "user_42", "email": "ada@example.com", "name": "Ada Lovelace", "phone": .null,
                "metadata": ["plan": "pro"], "customerId": "cus_NffrFeUfNV2Hib",
            ]))

    struct Params: Decodable, Sendable { var customerId: String }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> User? {
        try await stored(await service.store.user(customerId: params.customerId))
    }
}
