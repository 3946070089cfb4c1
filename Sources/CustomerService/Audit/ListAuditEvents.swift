import CustomerStore
import Environment
import Interface
import JSON

/// The audit log, oldest first.
enum ListAuditEvents: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "listAuditEvents", group: .users, effect: .reads,
        summary: "Lists audit events, the oldest first.",
        description: "One event for each mutation and each refusal. Filters narrow each other.",
        params: [
            .optional("limit", .limit),
            .optional(
                "startingAfter", .integer(0...Shape.largestInteger),
                "The `sequence` of the last event of the page before."),
            .optional("from", .time.examples("2026-01-01T00:00:00Z"), "Only events at this time or later."),
            .optional("to", .time, "Only events before this time."),
            .optional("actor", .string(1...255), "Only events of this actor id."),
            .optional("userId", .userId, "Only events about this user."),
            .optional("customerId", .customerId, "Only events about this customer."),
            .optional("method", .string(1...255), "Only events of this method."),
        ],
        result: .fields([
            .required("data", .list(of: .auditEvent), "The events."),
            .required(
                "hasMore", .boolean,
                "Whether there are more; pass the last event's `sequence` as `startingAfter` to get them."),
        ]).described("One page of audit events."),
        errors: [.accessDenied, .storageUnavailable],
        example: .init(
            params: ["userId": "user_42"],
            result: [
                "data": [
                    [
                        "sequence": 1, "at": "2026-01-01T00:00:00Z", "method": "registerUser", "outcome": "ok",
                        "actor": ["id": "admin_1", "role": "support"], "userId": "user_42",
                        "customerId": "cus_NffrFeUfNV2Hib", "details": ["email": "a***@example.com"],
                        "previousHash": .null,
                        "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    ]
                ], "hasMore": false,
            ]))

    struct Params: Decodable, Sendable {
        var limit: Int?
        var startingAfter: Int64?
        var from: String?
        var to: String?
        var actor: String?
        var userId: String?
        var customerId: String?
        var method: String?
    }

    struct Answer: Encodable, Sendable {
        var data: [AuditEvent]
        var hasMore: Bool
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let filter = AuditFilter(
            from: params.from.flatMap(milliseconds(rfc3339:)), to: params.to.flatMap(milliseconds(rfc3339:)),
            actor: params.actor, userId: params.userId, customerId: params.customerId, method: params.method)
        let limit = params.limit ?? 10
        let events = try await stored(
            await service.store.auditEvents(filter, limit: limit + 1, after: params.startingAfter ?? 0))
        return Answer(data: Array(events.prefix(limit)), hasMore: events.count > limit)
    }
}
