import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Deletes a customer at Stripe and drops its link; its user gets a new one when it is next synced.
///
/// Noted on disk first: a call whose outcome is unknown is completed later.
enum DeleteCustomer: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "deleteCustomer", group: .customers, effect: .destroysAtStripe, about: [.customerId],
        summary: "Deletes a Stripe customer for good.",
        description:
            "Can't be undone and cancels active subscriptions at once, so active subscriptions and open invoices block it (`deletion_blocked`) unless `force` is true. A linked user is unlinked. `archiveCustomer` is the reversible way.",
        params: [
            .required("customerId", .customerId),
            // It would get rid of open invoices.
            .option(
                "force", .boolean.byDefault(false), "Goes on in spite of active subscriptions and open invoices.",
                onSelf: .one(of: false)),
        ],
        result: .fields([
            .required("id", .string, "The id that is gone."),
            .required("object", .constant("customer"), "The kind of Stripe object."),
            .required("deleted", .constant(true), "Always true."),
        ]).described("Stripe's stub of a deleted customer."),
        errors: .ofStripe(
            after: [.customerNotFound, .customerDeleted, .deletionBlocked],
            before: [
                .idempotencyConflict, .accessDenied, .storageUnavailable, .usersTableRefused,
            ]),
        example: .init(
            params: ["customerId": "cus_NffrFeUfNV2Hib"],
            result: ["id": "cus_NffrFeUfNV2Hib", "object": "customer", "deleted": true]))

    static let repetition: Repetition? = .deletedCustomer

    struct Params: Decodable, Sendable {
        var customerId: String
        var force: Bool?
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        let customerId = params.customerId
        if let customer = try await service.presentCustomer(customerId),
            try await service.store.ownership(of: customer) == .anothers
        {
            throw .anothersCustomer(customerId)
        }
        if params.force != true { try await service.requireDeletable(customerId) }
        return try await service.sync.withLease(on: customerId) { () async throws(ServiceError) in
            try await stored(await service.store.noteDisposal(customerId, .delete, at: service.clock.now()))
            let failure: StripeError
            do throws(StripeError) {
                let stub = try await service.stripe.deleteCustomer(customerId).value
                await finish(customerId, service)
                return stub.object
            } catch {
                failure = error
            }
            if failure.kind == .notFound {
                let error = await service.explained(failure, customerId)
                await finish(customerId, gone: error.kind, service)
                if error.kind == .customerDeleted, context.noted?.isCarriedOn == true { return stub(customerId) }
                throw error
            }
            if !failure.outcomeUnknown {
                try await stored(await service.store.cancelDisposal(customerId, .delete))
            }
            throw await service.explained(failure, customerId)
        }
    }

    /// What Stripe answers, for a call that has deleted it in an earlier attempt.
    private static func stub(_ customerId: String) -> JSONObject {
        ["id": .string(customerId), "object": "customer", "deleted": true]
    }

    /// Stripe has deleted it; if this write fails the disposal stays on disk and the link is dropped later.
    private static func finish(
        _ customerId: String, gone: ServiceError.Kind? = nil, _ service: CustomerService
    ) async {
        do throws(StoreError) {
            try await service.store.finishDisposal(customerId, .delete, gone: gone?.rawValue)
        } catch {
            service.log(.error, "customer.unlink_failed", ["customerId": .string(customerId)])
        }
    }
}
