import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Everything that is held about a user here and at Stripe, as one document. Columns of the users table that are the
/// host's own are the host's to export: a password's hash among them has no place here.
enum ExportUserData: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "exportUserData", group: .users, effect: .reveals, about: [.userId],
        summary: "Exports everything held about a user.",
        description:
            "For requests for information: the user, the customer as Stripe has it now, the rows of the database and the audit events.",
        params: [
            .required("userId", .userId)
        ],
        result: .fields([
            .required("userId", .string, "The user."),
            .required("exportedAt", .time, "When the export was made, UTC."),
            .required("user", .either(.user, .null), "The user; `null` when only traces are left."),
            .required(
                "customer", .either(.customer, .null), "The customer as Stripe has it now; `null` when there is none."),
            .optional(
                "formerCustomers", .list(of: .customer),
                "Other customers that were made for the user earlier and still exist at Stripe."),
            .optional(
                "subscriptions", .list(of: .object), "The subscriptions of these customers at Stripe, ended ones too."),
            .optional("invoices", .list(of: .object), "The invoices of these customers at Stripe."),
            .optional(
                "unreadable", .list(of: .oneOf("subscriptions", "invoices")),
                "What a restricted key may not read, so that the export lacks it."),
            .optional("stored", .map(of: .list(of: .object)), "The other rows held about the user, by table."),
            .required("auditEvents", .list(of: .auditEvent), "The audit events that name the user."),
        ]).described("Everything held about the user."),
        errors: .ofStripe(after: [.userNotFound], before: [.accessDenied, .storageUnavailable]),
        example: .init(
            params: ["userId": "user_42"],
            result: [
                "userId": "user_42", "exportedAt": "2026-01-01T00:00:00Z",
                "user": [
                    "id": "user_42", "email": "ada@example.com", "name": "Ada Lovelace", "phone": .null,
                    "metadata": ["plan": "pro"], "customerId": "cus_NffrFeUfNV2Hib",
                ],
                "customer": [
                    "id": "cus_NffrFeUfNV2Hib", "object": "customer", "created": 1767225600, "email": "ada@example.com",
                    "livemode": false, "metadata": ["userId": "user_42"], "name": "Ada Lovelace",
                ], "stored": ["links": [["customerId": "cus_NffrFeUfNV2Hib"]]],
                "auditEvents": [
                    [
                        "sequence": 1, "at": "2026-01-01T00:00:00Z", "method": "registerUser", "outcome": "ok",
                        "actor": ["id": "admin_1", "role": "support"], "userId": "user_42",
                        "customerId": "cus_NffrFeUfNV2Hib", "details": ["email": "a***@example.com"],
                        "previousHash": .null,
                        "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    ]
                ],
            ]))

    struct Params: Decodable, Sendable { var userId: String }

    struct Answer: Encodable, Sendable {
        var userId: String
        var exportedAt: String
        var user: User?
        var customer: JSONObject?
        var formerCustomers: [JSONObject] = []
        var subscriptions: [JSONObject] = []
        var invoices: [JSONObject] = []
        /// What the key may not read.
        var unreadable: [String] = []
        var stored: JSONObject
        var auditEvents: [AuditEvent] = []

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(userId, forKey: .userId)
            try members.encode(exportedAt, forKey: .exportedAt)
            // Null, not missing, where there is none.
            try members.encode(user, forKey: .user)
            try members.encode(customer, forKey: .customer)
            try members.encode(formerCustomers, forKey: .formerCustomers)
            try members.encode(subscriptions, forKey: .subscriptions)
            try members.encode(invoices, forKey: .invoices)
            try members.encode(unreadable, forKey: .unreadable)
            try members.encode(stored, forKey: .stored)
            try members.encode(auditEvents, forKey: .auditEvents)
        }

        private enum CodingKeys: String, CodingKey {
            case userId, exportedAt, user, customer, formerCustomers, subscriptions, invoices, unreadable, stored
            case auditEvents
        }
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let (store, userId) = (service.store, params.userId)
        let (user, rows) = try await withStore { () async throws(StoreError) in
            (try await store.user(userId), try await store.rows(about: userId))
        }
        guard user != nil || !rows.isEmpty else { throw ServiceError.userNotFound(userId) }
        var answer = Answer(
            userId: userId, exportedAt: rfc3339(service.clock.now()), user: user, stored: rows)
        try await addCustomers(to: &answer, service)
        // The event of this very export is among those that it gives.
        answer.auditEvents = try await withStore { () async throws(StoreError) in
            try await store.recordAuditEvent(userId: userId, customerId: user?.customerId, outcome: "ok")
            return try await store.auditEvents(AuditFilter(userId: userId), limit: Int(Int32.max))
        }
        return answer
    }

    /// Those that are alive and no other application's: the user's own, and others that were made for it earlier and are nobody else's since.
    private static func addCustomers(to answer: inout Answer, _ service: CustomerService) async throws(ServiceError) {
        var customers = try await service.formerCustomers(of: answer.userId).living
        answer.formerCustomers = customers.map(\.object)
        if let own = answer.user?.customerId, let customer = try await service.presentCustomer(own),
            !customer.isDeleted, try await service.store.ownership(of: customer) != .anothers
        {
            answer.customer = customer.object
            customers.insert(customer, at: 0)
        }
        for customerId in customers.map(\.id) {
            answer.subscriptions += try await readable("subscriptions", &answer.unreadable, customerId) {
                () async throws(StripeError) in try await service.stripe.allSubscriptions(customer: customerId)
            }
            answer.invoices += try await readable("invoices", &answer.unreadable, customerId) {
                () async throws(StripeError) in try await service.stripe.allInvoices(customer: customerId)
            }
        }
    }

    /// A restricted key may not see them; the export then says what it lacks.
    private static func readable(
        _ what: String, _ unreadable: inout [String], _ customerId: String,
        _ list: () async throws(StripeError) -> [JSONObject]
    ) async throws(ServiceError) -> [JSONObject] {
        do throws(StripeError) { return try await list() } catch {
            guard error.kind == .permission else { throw ServiceError(error, customerId: customerId) }
            if !unreadable.contains(what) { unreadable.append(what) }
            return []
        }
    }
}
