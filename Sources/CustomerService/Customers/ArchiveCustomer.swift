import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Sets a customer aside: marked at Stripe, no longer synced, nothing lost. `restoreCustomer` undoes it.
///
/// Noted on disk first: a mark that is at Stripe while its user goes on being synced would hide the customer from a database
/// that was lost.
enum ArchiveCustomer: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "archiveCustomer", group: .customers, effect: .changesAtStripe, about: [.customerId],
        summary: "Marks a Stripe customer as archived.",
        description:
            "Reversible with `restoreCustomer`; nothing is lost at Stripe. A customer that carries another application's mark is `customer_not_found`. Archiving an archived customer changes nothing.",
        params: [
            .required("customerId", .customerId)
        ],
        result: .customer.described("The archived customer."),
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
        let customerId = params.customerId
        var now = service.clock.now()
        // The mark holds the time, and a repetition is to send the same.
        if let call = context.noted, service.sync.isKeyKept(since: call.since) { now = call.since }
        return try await service.sync.withLease(on: customerId) { [now] () async throws(ServiceError) in
            let customer = try await service.changeableCustomer(customerId)
            let fields = try ArchiveMark.fields(archiving: customer, at: now)
            try await stored(await service.store.noteDisposal(customerId, .archive, at: now))
            var archived = customer
            if !fields.isEmpty {
                archived = try await send(fields, to: customer, context.noted, service)
            }
            await finish(customerId, service)
            return archived.object
        }
    }

    private static func send(
        _ fields: JSONObject, to customer: Customer, _ call: NotedCall?, _ service: CustomerService
    ) async throws(ServiceError) -> Customer {
        let failure: StripeError
        do throws(StripeError) {
            return try await service.stripe.updateCustomer(
                customer.id, fields, idempotencyKey: service.stripeKey(of: call)
            ).value
        } catch {
            failure = error
        }
        if !failure.outcomeUnknown {
            try await stored(await service.store.cancelDisposal(customer.id, .archive))
        }
        try await service.renewKey(of: call, after: failure)
        throw await service.explained(failure, customer.id)
    }

    /// It is archived at Stripe; if this write fails the note stays on disk, and what is left here is done later.
    private static func finish(_ customerId: String, _ service: CustomerService) async {
        do throws(StoreError) {
            try await service.store.finishDisposal(customerId, .archive)
        } catch {
            service.log(.error, "customer.archive_unfinished", ["customerId": .string(customerId)])
        }
    }
}
