import CustomerStore
import Interface
import JSON

/// Makes sure that a user has a customer, and never a second one.
enum EnsureCustomerExists: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "ensureCustomerExists", group: .customers, effect: .changesHere, about: [.userId],
        summary: "Makes sure that a user has exactly one Stripe customer.",
        description:
            "Answers the linked customer or creates one, whatever runs at the same time or was interrupted before. With `verify` the linked customer is looked up at Stripe, and replaced when it was deleted there.",
        params: [
            .required("userId", .userId),
            .optional(
                "verify", .boolean.byDefault(false),
                "Looks the linked customer up at Stripe instead of trusting the link.", onSelf: .any),
            // Nobody vouches for an address of its own: it leads to the adoption of whatever customer has it.
            .optional(
                "emailVerified", .boolean.byDefault(false),
                "Whether the host has verified that the email address which the user has when the call is read is the user's. Only then may an existing customer be found by that address and linked. `verifiedEmail` says which address is meant.",
                onSelf: .one(of: false)),
            .optional(
                "verifiedEmail", .email,
                "The email address that the host has verified, to the letter. An existing customer is found by it and linked only while it is the user's; otherwise it is as if it had been left out. It goes before `emailVerified`."
            ),
        ],
        result: .fields([
            .required("customerId", .string, "The user's customer."),
            .required("created", .boolean, "Whether this call created it."),
        ]).described("The user's customer."),
        errors: .ofStripe(
            after: [.userNotFound, .ambiguousCustomer, .customerAlreadyExists],
            before: [
                .idempotencyConflict, .accessDenied, .storageUnavailable, .usersTableRefused,
            ]),
        example: .init(params: ["userId": "user_42"], result: ["customerId": "cus_NffrFeUfNV2Hib", "created": true]))

    static let repetition: Repetition? = .kept

    struct Params: Decodable, Sendable {
        var userId: String
        /// Ask Stripe whether the customer still lives, instead of trusting the link.
        var verify: Bool?
        /// Vouches for the address that the user has when the call is read.
        var emailVerified: Bool?
        /// Vouches for this address, whatever the user has by then.
        var verifiedEmail: String?
    }

    struct Answer: Encodable, Sendable {
        var customerId: String
        var created: Bool
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let verify = params.verify ?? false
        let user = try await stored(await service.store.user(params.userId))
        guard let user else { throw ServiceError.userNotFound(params.userId) }
        if let customerId = user.customerId, !verify { return Answer(customerId: customerId, created: false) }
        let vouched = params.verifiedEmail ?? (params.emailVerified == true ? user.email : nil)
        let result = try await service.sync.bringInLine(
            params.userId, SyncRequest(verify: verify, vouchedEmail: vouched))
        return Answer(customerId: result.customerId, created: result.isNewCustomer)
    }
}
