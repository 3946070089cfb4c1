import CustomerStore
import Interface
import JSON

enum GetUserByEmail: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "getUserByEmail", group: .users, effect: .reads, about: [.email],
        summary: "Finds a user by email address.",
        description: "Compares without regard to case. Answers from the database without a call to Stripe.",
        params: [
            .required("email", .email)
        ],
        result: .either(.user, .null).described("The user, `null` when there is none."),
        errors: [.accessDenied, .storageUnavailable],
        example: .init(
            params: ["email": "ada@example.com"],
            result: [
                "id": "user_42", "email": "ada@example.com", "name": "Ada Lovelace", "phone": .null,
                "metadata": ["plan": "pro"], "customerId": "cus_NffrFeUfNV2Hib",
            ]))

    struct Params: Decodable, Sendable { var email: String }

    static func confined(_ answer: JSONValue, to own: OwnSubject) -> JSONValue {
        own.isUser(answer["id"]) ? answer : .null
    }

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
