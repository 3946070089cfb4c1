import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Gives a user a customer that exists at Stripe already. One of another application only where the operator says that it
/// is to change hands.
enum LinkCustomer: ServiceMethod {
    // `mustBeNamed`: which customer a user has is the host's to say; a new one has no debts, and no past.
    static let declaration = MethodDeclaration(
        name: "linkCustomer", group: .users, effect: .changesHere, about: [.userId, .customerId], mustBeNamed: true,
        summary: "Links an existing Stripe customer to a user.",
        description:
            "The customer must exist and belong to nobody else, and the user must have no other customer. One that carries another application's mark is `customer_already_exists` without `takeOver`. An archived one is taken into use again. Linking the pair again changes nothing.",
        params: [
            .required("userId", .userId),
            .required("customerId", .customerId),
            .optional(
                "takeOver", .boolean.byDefault(false),
                "Whether a customer that carries another application's mark may be taken from it: it then carries this application's."
            ),
        ],
        result: .user.described("The user with its customer."),
        errors: .ofStripe(
            after: [.userNotFound, .customerNotFound, .customerDeleted, .customerAlreadyExists],
            before: [
                .idempotencyConflict, .accessDenied, .storageUnavailable, .usersTableRefused,
            ]),
        example: .init(
            params: ["userId": "user_42", "customerId": "cus_NffrFeUfNV2Hib"],
            result: [
                "id": "user_42", "email": "ada@example.com", "name": "Ada Lovelace", "phone": .null,
                "metadata": ["plan": "pro"], "customerId": "cus_NffrFeUfNV2Hib",
            ]))

    static let repetition: Repetition? = .user

    struct Params: Decodable, Sendable {
        var userId: String
        var customerId: String
        var takeOver: Bool?
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> User {
        let (userId, customerId) = (params.userId, params.customerId)
        return try await service.sync.withLease(.user(userId), "the user") { () async throws(ServiceError) in
            // An archiving that is under way must not come after the link.
            try await service.sync.withLease(on: customerId) { () async throws(ServiceError) in
                let customer = try await service.livingCustomer(customerId)
                try requireRoom(in: customer, under: service.store.app)
                let isAnothers = try await service.store.ownership(of: customer) == .anothers
                if isAnothers {
                    guard params.takeOver == true else { throw .takenByAnother(customerId, from: userId) }
                    try await takeOver(customer, params, service)
                }
                let linked = try await stored(
                    await service.store.linkExisting(
                        customerId, to: userId, under: context.hostKey, at: service.clock.now()))
                guard let user = linked else { throw .userNotFound(userId) }
                try requireSame(customerId, as: user)
                return user
            }
        }
    }

    /// It is to name its user there, and its application.
    private static func requireRoom(in customer: Customer, under app: String?) throws(ServiceError) {
        if customer.hasRoomForMarks(under: app) { return }
        let (count, limit) = (customer.metadata?.count ?? 0, Customer.othersKeysMax(under: app))
        let marks = [CustomerMark.user] + (app == nil ? [] : [CustomerMark.app])
        throw .violation(
            of: "maxProperties", at: "/customerId", params: ["limit": .number(JSONNumber(limit))],
            "has \(count) metadata keys, which leaves no room for \(marks.joined(separator: " and ")): unset some"
                + " with updateCustomer")
    }

    private static func requireSame(_ customerId: String, as user: User) throws(ServiceError) {
        if let own = user.customerId, sameCodePoints(own, customerId) { return }
        throw ServiceError(
            .customerAlreadyExists, "The user has another customer; unlink it first",
            details: ["userId": .string(user.id), "customerId": user.customerId.map { .string($0) } ?? .null])
    }

    /// Marked before it is linked, so that a kill in between leaves it marked, and the same call completes it.
    private static func takeOver(
        _ customer: Customer, _ params: Params, _ service: CustomerService
    ) async throws(ServiceError) {
        let (user, holder) = try await withStore { () async throws(StoreError) in
            (try await service.store.user(params.userId), try await service.store.user(customerId: params.customerId))
        }
        guard let user else { throw .userNotFound(params.userId) }
        if user.customerId != nil { try requireSame(params.customerId, as: user) }
        if let holder, !sameCodePoints(holder.id, user.id) {
            throw ServiceError(StoreError.customerTaken(customerId: params.customerId, userId: holder.id))
        }
        let marks: JSONObject = [
            CustomerMark.user: .string(user.id), CustomerMark.app: service.store.app.map { .string($0) } ?? .null,
            CustomerMark.archivedAt: .null,
        ]
        _ = try await service.send(["metadata": .object(marks)], to: customer, service.freshKey())
        // Where it is the user's already, its sync is parked.
        try await stored(await service.store.doubtMarks(of: params.customerId, at: service.clock.now()))
    }
}
