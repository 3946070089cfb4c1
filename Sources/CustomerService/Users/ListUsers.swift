import CustomerStore

/// Users in the order of their ids.
enum ListUsers: ServiceMethod {
    static let name = "listUsers"

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
