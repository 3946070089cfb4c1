import CustomerStore
import Environment
import Interface
import JSON

/// Changes a user; the change is durable when this answers, and Stripe follows.
enum UpdateUser: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "updateUser", group: .users, effect: .changesHere, about: [.userId],
        summary: "Changes a user's profile and carries it to Stripe.",
        description:
            "The change and its queue entry are one transaction. A field left out stays as it is, `null` unsets it; metadata is merged key by key. A user always keeps an email address.",
        params: [
            .required("userId", .userId),
            .optional("email", .email, "The new email address; it can't be unset.", onSelf: .ifNamed),
            .optional("name", .text(1...256).orNull, "The full name; `null` unsets it.", onSelf: .byDefault),
            .optional("phone", .text(1...20).orNull, "The phone number; `null` unsets it.", onSelf: .byDefault),
            .optional("metadata", .metadataChange, onSelf: .ifNamed),
        ],
        result: .fields([
            .required("user", .user),
            .optional("customerId", .string, "The user's customer; absent while it is not known."),
            .required("sync", .sync),
        ]).described("The user after the change and how far Stripe is."),
        errors: [
            .userNotFound, .userAlreadyExists, .idempotencyConflict, .accessDenied, .storageUnavailable,
            .usersTableRefused,
        ],
        example: .init(
            params: ["userId": "user_42", "name": "Ada King", "phone": .null],
            result: [
                "user": [
                    "id": "user_42", "email": "ada@example.com", "name": "Ada King", "phone": .null,
                    "metadata": ["plan": "pro"], "customerId": "cus_NffrFeUfNV2Hib",
                ], "customerId": "cus_NffrFeUfNV2Hib",
                "sync": ["state": "synced", "outcome": "updated", "changed": ["name"]],
            ]))

    static let repetition: Repetition? = .registration

    struct Params: Decodable, Sendable {
        var userId: String
        // A JSONValue tells a null, which unsets, from a member that is missing, which leaves things as they are.
        var email: String?
        var name: JSONValue?
        var phone: JSONValue?
        var metadata: JSONValue?
    }

    typealias Answer = RegisterUser.Answer

    static func confined(_ answer: JSONValue, to own: OwnSubject) -> JSONValue { SyncReport.confined(answer) }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let change = UserChange(
            email: params.email, name: params.name.map(\.string), phone: params.phone.map(\.string),
            metadata: params.metadata.map(\.object))
        if params.metadata?.object != nil {
            let known = try await stored(await service.store.user(params.userId))
            var changed = known
            changed?.apply(change)
            // Another program may have given the user more: then what does not add to it is a way back.
            if let known, let changed, changed.metadata.count > known.metadata.count {
                try requireRoomForMarks(in: changed.metadata)
            }
        }
        let request = SyncRequest()
        let draft = service.sync.draft(request)
        let updated = try await stored(
            await service.store.updateUser(
                params.userId, change, under: context.hostKey, at: service.clock.now(), draft: draft))
        guard let updated else { throw ServiceError.userNotFound(params.userId) }
        var user = updated.user
        let (report, customerId) = await service.sync.report(on: user.id, request, claimed: updated.claim)
        user.customerId = customerId ?? user.customerId
        return Answer(user: user, customerId: user.customerId, sync: report)
    }
}
