import CustomerStore
import Interface
import JSON

/// Users in the order of their ids.
enum ListUsers: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "listUsers", group: .users, effect: .reads,
        summary: "Lists users in the order of their ids.",
        description: "One page of the database.",
        params: [
            .optional("limit", .limit),
            .optional("startingAfter", .userId, "The last user of the page before."),
            .optional("linked", .boolean, "`true`: only users with a customer; `false`: only users without one."),
        ],
        result: .fields([
            .required("data", .list(of: .user), "The users."),
            .required(
                "hasMore", .boolean, "Whether there are more; pass the last entry's id as `startingAfter` to get them."),
        ]).described("One page of users."),
        errors: [.accessDenied, .storageUnavailable],
        example: .init(
            params: ["limit": 2, "linked": true],
            result: [
                "data": [
                    [
                        "id": "user_42", "email": "ada@example.com", "name": "Ada Lovelace", "phone": .null,
                        "metadata": ["plan": "pro"], "customerId": "cus_NffrFeUfNV2Hib",
                    ]
                ], "hasMore": false,
            ]))

    struct Params: Decodable, Sendable {
        var limit: Int?
        var startingAfter: String?
        var linked: Bool?
    }

    struct Answer: Encodable, Sendable {
        var data: [User]
        var hasMore: Bool
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let limit = params.limit ?? 10
        let users = try await stored(
            await service.store.users(limit: limit + 1, after: params.startingAfter, linked: params.linked))
        return Answer(data: Array(users.prefix(limit)), hasMore: users.count > limit)
    }
}
