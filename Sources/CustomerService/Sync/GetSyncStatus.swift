import CustomerStore
import Environment
import Interface
import JSON

/// What the sync queue holds: depth, age, and what can't be carried out until somebody acts.
enum GetSyncStatus: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "getSyncStatus", group: .users, effect: .reads, about: [.userId],
        summary: "Tells what waits for Stripe and what failed.",
        description:
            "The depth and age of the queue and every parked change with its reason; with `userId` also that user's own state.",
        params: [
            .optional("userId", .userId)
        ],
        result: .fields([
            .required("pending", .integer(0...), "Changes that wait for Stripe."),
            .required(
                "oldestAgeMs", .integer(0...).orNull,
                "Age of the oldest queued change in milliseconds, `null` when the queue is empty."),
            .required(
                "parked",
                .list(
                    of: .fields([
                        .required("userId", .string, "The user."),
                        .required("reason", .string, "Why, without personal data."),
                        .required("since", .time, "When it was parked, UTC."),
                        .required("attempts", .integer(0...), "How often it was tried."),
                        .optional("customerId", .string, "The user's customer."),
                        .optional(
                            "field", .string,
                            "The field that is refused (`email`, `metadata.plan`); everything else of the user goes on."
                        ),
                    ]).described("One parked change.")),
                "Changes and fields that Stripe refused for good; the next change of the user or the field, or `syncCustomerWithUser`, tries again."
            ),
            .required("waitsForOperator", .operatorWait),
            .required(
                "intents", .integer(0...), "Customers whose creation is under way or whose outcome is not known yet."),
            .optional(
                "user",
                .fields([
                    .required("userId", .string, "The user."),
                    .required(
                        "state", .oneOf("synced", "pending", "parked", "unsynced"),
                        "As in `sync.state` of registerUser; or `unsynced`: nothing is queued and Stripe was never told of the user, as of one who was in the table before the first start, or whose customer was taken away. `syncCustomerWithUser` does it."
                    ),
                    .optional("customerId", .string.orNull, "The user's customer."),
                    .optional("reason", .string, "Why it is pending or parked."),
                    .optional("attempts", .integer(0...), "How often it was tried."),
                    .optional(
                        "fields",
                        .list(
                            of: .fields([
                                .required("field", .string, "`email`, `name`, `phone`, `metadata.plan`, …"),
                                .required(
                                    "refusedBy", .oneOf("stripe", "users"),
                                    "`stripe`: Stripe refuses the user's value. `users`: a rule of the users table refuses Stripe's (`--stripe-wins`)."
                                ),
                                .required("reason", .string, "Why, without personal data."),
                                .required("since", .time, "Since when, UTC."),
                            ]).described("One field.")),
                        "Fields that one side refuses while the rest goes on; each is tried again once it changes."),
                    .optional("nextAttemptAt", .time.orNull, "When it is tried next, UTC."),
                ]), "The state of the user asked for."),
        ]).described("The state of the queue."),
        errors: [.userNotFound, .accessDenied, .storageUnavailable],
        example: .init(
            params: ["userId": "user_42"],
            result: [
                "pending": 1, "oldestAgeMs": 1840, "parked": [], "waitsForOperator": ["changes": 0, "reasons": []],
                "intents": 0,
                "user": [
                    "userId": "user_42", "state": "pending", "customerId": "cus_NffrFeUfNV2Hib",
                    "reason": "stripe_unavailable", "attempts": 2,
                ],
            ]))

    struct Params: Decodable, Sendable { var userId: String? }

    struct Answer: Encodable, Sendable {
        struct Parked: Encodable, Sendable {
            var userId: String
            var reason: String
            var since: String
            var attempts: Int
            var customerId: String?
            var field: String?
        }

        struct RefusedField: Encodable, Sendable {
            var field: String
            var refusedBy: String
            var reason: String
            var since: String
        }

        struct UserState: Encodable, Sendable {
            var userId: String
            var state: String
            var customerId: String?
            var reason: String?
            var attempts: Int?
            var fields: [RefusedField]?
        }

        var pending: Int
        var oldestAgeMs: Milliseconds?
        var parked: [Parked]
        var waitsForOperator: JSONValue
        var intents: Int
        var user: UserState?

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(pending, forKey: .pending)
            // Null, not missing, when nothing waits.
            try members.encode(oldestAgeMs, forKey: .oldestAgeMs)
            try members.encode(parked, forKey: .parked)
            try members.encode(waitsForOperator, forKey: .waitsForOperator)
            try members.encode(intents, forKey: .intents)
            try members.encodeIfPresent(user, forKey: .user)
        }

        private enum CodingKeys: String, CodingKey {
            case pending, oldestAgeMs, parked, waitsForOperator, intents, user
        }
    }

    /// The list is for people; past this many the count says enough.
    private static let parkedMax = 100

    /// The list is about everybody.
    static func confined(_ answer: JSONValue, to own: OwnSubject) -> JSONValue {
        guard var object = answer.object else { return answer }
        object["parked"] = .array((object["parked"]?.array ?? []).filter { own.isUser($0["userId"]) })
        return .object(object)
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let store = service.store
        let status = try await stored(await store.queueStatus())
        let (parked, refused) = try await withStore { () async throws(StoreError) in
            (
                try await store.queuedChanges(of: nil, limit: Self.parkedMax),
                try await store.refusedFields(of: nil, limit: Self.parkedMax)
            )
        }
        let now = service.clock.now()
        let changes = parked.map { change in
            Answer.Parked(
                userId: change.userId, reason: "\(change.errorType): \(change.error)", since: rfc3339(change.since),
                attempts: change.attempts, customerId: change.customerId)
        }
        let fields = refused.filter { $0.side == .stripe }.map { refusal in
            Answer.Parked(
                userId: refusal.userId, reason: "\(refusal.errorType): \(refusal.error)",
                since: rfc3339(refusal.since), attempts: 1, field: refusal.field)
        }
        return Answer(
            pending: status.pending, oldestAgeMs: status.oldestAt.map { StoredTime.age(of: $0, at: now) ?? 0 },
            parked: changes + fields, waitsForOperator: try await service.operatorReport(), intents: status.intents,
            user: try await userState(params.userId, store))
    }

    private static func userState(
        _ userId: String?, _ store: CustomerStore
    ) async throws(ServiceError) -> Answer.UserState? {
        guard let userId else { return nil }
        let (user, changes, refused, isSynced) = try await withStore { () async throws(StoreError) in
            let user = try await store.user(userId)
            var isSynced = false
            if let user { isSynced = try await store.syncedProfile(of: user) != nil }
            return (
                user, try await store.queuedChanges(of: userId, limit: 1),
                try await store.refusedFields(of: userId, limit: Self.parkedMax), isSynced
            )
        }
        guard user != nil || !changes.isEmpty else { throw ServiceError.userNotFound(userId) }
        let change = changes.first
        let parked = refused.first { $0.side == .stripe }
        let state = change.map { $0.isParked ? "parked" : "pending" }
        return Answer.UserState(
            userId: userId, state: state ?? (parked != nil ? "parked" : isSynced ? "synced" : "unsynced"),
            customerId: user?.customerId ?? change?.customerId,
            reason: change.map { $0.error.isEmpty ? nil : "\($0.errorType): \($0.error)" }
                ?? parked.map { "\($0.field): \($0.error)" },
            attempts: change?.attempts,
            fields: refused.isEmpty
                ? nil
                : refused.map {
                    Answer.RefusedField(
                        field: $0.field, refusedBy: $0.side.rawValue, reason: "\($0.errorType): \($0.error)",
                        since: rfc3339($0.since))
                })
    }
}
