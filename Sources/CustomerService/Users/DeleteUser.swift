import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Deletes a user and deals with its customer as chosen. Once this has answered, the rest is carried out even after a
/// kill.
enum DeleteUser: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "deleteUser", group: .users, effect: .destroysHere, about: [.userId],
        summary: "Deletes a user and settles what becomes of the customer.",
        description:
            "Removes the user from the database; the customer is archived unless `customer` says otherwise. With `delete`, active subscriptions and open invoices block it (`deletion_blocked`) unless `force` is true.",
        params: [
            .required("userId", .userId),
            // `delete` is deleteCustomer's, and `keep` leaves a customer that nobody looks after.
            .optional(
                "customer", .oneOf("archive", "delete", "keep").byDefault("archive"),
                "What happens to the user's customer: `archive` marks it (reversible), `delete` deletes it at Stripe for good, `keep` leaves it as it is.",
                onSelf: .one(of: "archive")),
            // It would get rid of open invoices.
            .option(
                "force", .boolean.byDefault(false), "Goes on in spite of active subscriptions and open invoices.",
                onSelf: .one(of: false)),
        ],
        result: .fields([
            .required("userId", .string, "The user that is gone."),
            .optional("customerId", .string, "The customer that was linked."),
            .required(
                "customer", .oneOf("archive", "delete", "keep"),
                "What happens to the user's customer: `archive` marks it (reversible), `delete` deletes it at Stripe for good, `keep` leaves it as it is."
            ),
            .optional(
                "state", .oneOf("done", "pending"),
                "`pending` when Stripe couldn't be reached: the step is queued on disk and carried out by itself."),
            .optional(
                "customerMissing", .constant(true),
                "Present and true: Stripe has no such customer in this account and mode, so nothing was done to it."),
        ]).described("What was deleted and what became of the customer."),
        errors: .ofStripe(
            after: [.userNotFound, .deletionBlocked],
            before: [
                .idempotencyConflict, .accessDenied, .storageUnavailable, .usersTableRefused,
            ]),
        example: .init(
            params: ["userId": "user_42"],
            result: ["userId": "user_42", "customerId": "cus_NffrFeUfNV2Hib", "customer": "archive", "state": "done"]))

    static let repetition: Repetition? = .deletedUser

    struct Params: Decodable, Sendable {
        var userId: String
        var customer: String?
        var force: Bool?
    }

    struct Answer: Encodable, Sendable {
        var userId: String
        var customerId: String?
        var customer: String
        /// `pending`: Stripe could not be reached; it is done later.
        var state: String
        /// Stripe knows no such customer, so that nothing was to be done to it.
        var customerMissing: Bool?
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let choice = choice(params)
        if choice == .delete, params.force != true {
            let user = try await stored(await service.store.user(params.userId))
            if let customerId = user?.customerId { try await service.requireDeletable(customerId) }
        }
        let deleted = try await stored(
            await service.store.deleteUser(
                params.userId, customer: choice, under: context.hostKey, at: service.clock.now()))
        guard let deleted else { throw ServiceError.userNotFound(params.userId) }
        return await answer(params, deleted.customerId, choice, service)
    }

    /// To a repetition: the same, with the state that it has come to. The customer is not named any more once it was erased.
    static func again(_ call: NotedCall, _ params: Params, _ service: CustomerService) async -> Answer {
        await answer(params, call.customerId, choice(params), service)
    }

    private static func choice(_ params: Params) -> CreateIntent.Disposal {
        params.customer.flatMap(CreateIntent.Disposal.init) ?? .archive
    }

    private static func answer(
        _ params: Params, _ customerId: String?, _ choice: CreateIntent.Disposal, _ service: CustomerService
    ) async -> Answer {
        let outcome = await service.sync.disposeNow(of: customerId)
        return Answer(
            userId: params.userId, customerId: customerId,
            customer: (outcome == .anothers ? .keep : choice).rawValue,
            state: outcome == nil ? "pending" : "done",
            customerMissing: outcome == .missing || outcome == .inOtherMode ? true : nil)
    }
}

extension CustomerSync {
    /// Carries out what was noted for a customer, if anything; `nil` for a failure, which leaves it in the queue.
    func disposeNow(of customerId: String?) async -> DisposalOutcome? {
        guard let customerId else { return .done }
        do throws(ServiceError) { return try await dispose(of: customerId, patience: .brief) } catch { return nil }
    }
}
