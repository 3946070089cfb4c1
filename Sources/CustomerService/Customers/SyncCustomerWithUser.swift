import Interface
import JSON

/// Brings a user's customer in line with the user at once. Other than the queue, which trusts the link, it looks whether the
/// customer still lives, and sends also what Stripe has refused. What it refuses still is the error, when the rest has gone.
enum SyncCustomerWithUser: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "syncCustomerWithUser", group: .customers, effect: .changesHere, about: [.userId],
        summary: "Brings a user's Stripe customer in line with the user.",
        description:
            "Creates the customer when there is none, finds and links one that is the user's already, and otherwise sends only the fields that differ from the last synchronised state, so edits of other fields made at Stripe stay.",
        params: [
            .required("userId", .userId)
        ],
        result: .fields([
            .required("userId", .string, "The user."),
            .required("customerId", .string, "The user's customer."),
            .required(
                "outcome", .oneOf("created", "updated", "unchanged", "relinked"),
                "What the synchronisation did: `relinked` means that an existing customer of this user was found and linked, or that a new one took the place of one that is gone at Stripe."
            ),
            .required("changed", .list(of: .string), "The fields that were sent to Stripe."),
        ]).described("What was done."),
        errors: .ofStripe(
            after: [.userNotFound, .ambiguousCustomer],
            before: [
                .idempotencyConflict, .accessDenied, .storageUnavailable, .usersTableRefused,
            ]),
        example: .init(
            params: ["userId": "user_42"],
            result: [
                "userId": "user_42", "customerId": "cus_NffrFeUfNV2Hib", "outcome": "updated", "changed": ["name"],
            ]))

    static let repetition: Repetition? = .kept

    struct Params: Decodable, Sendable { var userId: String }

    struct Answer: Encodable, Sendable {
        var userId: String
        var customerId: String
        var outcome: String
        var changed: [String]
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let result = try await service.sync.bringInLine(params.userId, SyncRequest(verify: true, retriesRefused: true))
        if let refusal = result.refusal { throw refusal }
        return Answer(
            userId: result.userId, customerId: result.customerId, outcome: result.outcome.rawValue,
            changed: result.changed)
    }
}
