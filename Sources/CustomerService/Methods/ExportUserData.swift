internal import CustomerStore
internal import Environment
internal import JSON
internal import Stripe

/// Everything that is held about a user here and at Stripe, as one document. Columns of the users table that are the
/// host's own are the host's to export: a password's hash among them has no place here.
enum ExportUserData: ServiceMethod {
    static let name = "exportUserData"

    struct Params: Decodable, Sendable { var userId: String }

    struct Answer: Encodable, Sendable {
        var userId: String
        var exportedAt: String
        var user: User?
        var customer: JSONObject?
        var subscriptions: [JSONObject]
        var invoices: [JSONObject]
        var stored: JSONObject
        var auditEvents: [AuditEvent]

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(userId, forKey: .userId)
            try members.encode(exportedAt, forKey: .exportedAt)
            // Null, not missing, where there is none.
            try members.encode(user, forKey: .user)
            try members.encode(customer, forKey: .customer)
            try members.encode(subscriptions, forKey: .subscriptions)
            try members.encode(invoices, forKey: .invoices)
            try members.encode(stored, forKey: .stored)
            try members.encode(auditEvents, forKey: .auditEvents)
        }

        private enum CodingKeys: String, CodingKey {
            case userId, exportedAt, user, customer, subscriptions, invoices, stored, auditEvents
        }
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let (store, userId) = (service.store, params.userId)
        let (user, rows) = try await stored { () async throws(StoreError) in
            (try await store.user(userId), try await store.rows(about: userId))
        }
        guard user != nil || !rows.isEmpty else { throw ServiceError.userNotFound(userId) }
        var answer = Answer(
            userId: userId, exportedAt: rfc3339(service.clock.now()), user: user, subscriptions: [], invoices: [],
            stored: rows, auditEvents: [])
        if let customerId = user?.customerId { try await addStripe(customerId, to: &answer, service) }
        // The event of this very export is among those that it gives.
        answer.auditEvents = try await stored { () async throws(StoreError) in
            try await store.recordAuditEvent(userId: userId, customerId: user?.customerId, outcome: "ok")
            return try await store.auditEvents(AuditFilter(userId: userId), limit: Int(Int32.max))
        }
        return answer
    }

    private static func addStripe(
        _ customerId: String, to answer: inout Answer, _ service: CustomerService
    ) async throws(ServiceError) {
        do throws(StripeError) {
            answer.customer = try await service.stripe.retrieveCustomer(customerId).value.object
        } catch {
            if error.kind != .notFound { throw ServiceError(error, customerId: customerId) }
            return
        }
        guard answer.customer?["deleted"]?.bool != true else {
            answer.customer = nil
            return
        }
        answer.subscriptions = try await readable(customerId) { () async throws(StripeError) in
            try await service.stripe.listSubscriptions(customer: customerId, status: "all", limit: 100).value.data
        }
        answer.invoices = try await readable(customerId) { () async throws(StripeError) in
            try await service.stripe.listInvoices(customer: customerId, limit: 100).value.data
        }
    }

    /// A restricted key may not see them; then the export is of what the process can hold.
    private static func readable(
        _ customerId: String, _ list: () async throws(StripeError) -> [JSONObject]
    ) async throws(ServiceError) -> [JSONObject] {
        do throws(StripeError) { return try await list() } catch {
            if error.kind == .permission { return [] }
            throw ServiceError(error, customerId: customerId)
        }
    }
}
