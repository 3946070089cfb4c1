import CustomerStore
import Environment

/// The audit log, oldest first.
enum ListAuditEvents: ServiceMethod {
    static let name = "listAuditEvents"

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
