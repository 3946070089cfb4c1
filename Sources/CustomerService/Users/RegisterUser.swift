import CustomerStore
import Environment
import Interface
import JSON

/// Registration is durable when this answers, whether or not Stripe can be reached; the customer follows by itself.
enum RegisterUser: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "registerUser", group: .users, effect: .changesHere, about: [.userId], isRepeatable: false,
        summary: "Registers a user and gives them a Stripe customer.",
        description:
            "The user is stored durably first, so registration succeeds while Stripe is down; `sync.state` is `pending` then and the customer follows by itself. Without `userId` an id is generated. Repeated under its idempotency key after the user was deleted it answers `user_not_found`.",
        params: [
            .optional("userId", .userId, "The user's id in the host's system; generated when absent."),
            .required("email", .email, onSelf: .ifNamed),
            .optional("name", .text(1...256), "The user's full name.", onSelf: .byDefault),
            .optional("phone", .text(1...20), "The user's phone number.", onSelf: .byDefault),
            .optional("metadata", .metadata, onSelf: .ifNamed),
            // Nobody vouches for an address of its own: it leads to the adoption of whatever customer has it.
            .optional(
                "emailVerified", .boolean.byDefault(false),
                "Whether the host has verified that the email address is the user's. Only then may an existing customer be found by that address and linked.",
                onSelf: .one(of: false)),
        ],
        result: .fields([
            .required("user", .user),
            .optional("customerId", .string, "The user's customer; absent while it is not known."),
            .required("sync", .sync),
        ]).described("The registered user and how far Stripe is."),
        errors: [
            .userAlreadyExists, .userNotFound, .idempotencyConflict, .accessDenied, .storageUnavailable,
            .usersTableRefused,
        ],
        example: .init(
            params: [
                "userId": "user_42", "email": "ada@example.com", "name": "Ada Lovelace", "metadata": ["plan": "pro"],
            ],
            result: [
                "user": [
                    "id": "user_42", "email": "ada@example.com", "name": "Ada Lovelace", "phone": .null,
                    "metadata": ["plan": "pro"], "customerId": "cus_NffrFeUfNV2Hib",
                ], "customerId": "cus_NffrFeUfNV2Hib",
                "sync": ["state": "synced", "outcome": "created", "changed": ["email", "name", "metadata"]],
            ]))

    static let repetition: Repetition? = .registration

    struct Params: Decodable, Sendable {
        var userId: String?
        var email: String
        var name: String?
        var phone: String?
        var metadata: JSONObject?
        var emailVerified: Bool?
    }

    struct Answer: Encodable, Sendable {
        var user: User
        var customerId: String?
        var sync: SyncReport
    }

    static func confined(_ answer: JSONValue, to own: OwnSubject) -> JSONValue { SyncReport.confined(answer) }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let id: String
        if let given = params.userId { id = given } else { id = try newID(service) }
        var user = User(
            id: id, email: params.email, name: params.name, phone: params.phone, metadata: params.metadata ?? [:])
        let request = SyncRequest(vouchedEmail: params.emailVerified == true ? params.email : nil)
        let draft = service.sync.draft(request)
        let added = try await withStore { [user] () async throws(StoreError) in
            try await service.store.insertUser(
                user, under: context.hostKey, at: service.clock.now(), draft: draft)
        }
        user = added.user
        let (report, customerId) = await service.sync.report(on: user.id, request, claimed: added.claim)
        user.customerId = customerId
        return Answer(user: user, customerId: customerId, sync: report)
    }

    /// Empty where the table chooses by itself.
    private static func newID(_ service: CustomerService) throws(ServiceError) -> String {
        if service.store.ids.areChosen { return "" }
        if service.store.ids.areIntegers {
            throw .violation(
                of: "required", at: "", params: ["missingProperty": "userId"],
                "the member userId is missing: the users table has integer ids and chooses none by itself")
        }
        return "user_" + service.identifiers.next()
    }
}
