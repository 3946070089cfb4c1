import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Undoes `archiveCustomer`; what its user changed meanwhile is synced.
enum RestoreCustomer: ServiceMethod {
    // `mustBeNamed`: the host may have archived it.
    static let declaration = MethodDeclaration(
        name: "restoreCustomer", group: .customers, effect: .changesAtStripe, about: [.customerId], mustBeNamed: true,
        summary: "Takes a Stripe customer out of the archive.",
        description: "Undoes `archiveCustomer`. Restoring a customer that is not archived changes nothing.",
        params: [
            .required("customerId", .customerId)
        ],
        result: .customer.described("The restored customer."),
        errors: .ofStripe(
            after: [.customerNotFound, .customerDeleted],
            before: [
                .idempotencyConflict, .accessDenied, .storageUnavailable,
            ]),
        example: .init(
            params: ["customerId": "cus_NffrFeUfNV2Hib"],
            result: [
                "id": "cus_NffrFeUfNV2Hib", "object": "customer", "created": 1767225600, "email": "ada@example.com",
                "livemode": false, "metadata": ["userId": "user_42"], "name": "Ada Lovelace",
            ]))

    static let repetition: Repetition? = .customer

    struct Params: Decodable, Sendable { var customerId: String }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        let customer = try await service.change(
            params.customerId, for: context.noted, isDone: { !$0.isArchived }
        ) { ArchiveMark.fields(restoring: $0) }
        try await stored(await service.store.markRestored(params.customerId, at: service.clock.now()))
        return customer.object
    }
}
