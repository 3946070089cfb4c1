import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Asking and changing one customer: what several methods do.
extension CustomerService {
    func freshKey() -> String { "call-" + identifiers.next() }

    /// One update of one customer, alone across all processes. One that comes to nothing is not sent; what it leaves out
    /// of an object that Stripe takes as a whole stays.
    /// - Parameters:
    ///   - call: The call that it is made for, where that came under the host's key.
    ///   - dependsOnCustomer: What is sent follows from what the customer is, so another attempt may send something else.
    ///   - isDone: Whether a customer is as it is to be. Asked of a call that was begun earlier and can't be repeated under
    ///     its key, since Stripe has forgotten that or the body would be another one: what is there is not written again.
    ///   - prepare: What is to be on disk before Stripe is called.
    ///   - fields: What is to be sent to the customer as it is.
    func change(
        _ customerId: String, for call: NotedCall?, dependsOnCustomer: Bool = false, isDone: (Customer) -> Bool,
        prepare: () async throws(StoreError) -> Void = {}, _ fields: (Customer) throws(ServiceError) -> JSONObject
    ) async throws(ServiceError) -> Customer {
        try await sync.withLease(on: customerId) { () async throws(ServiceError) in
            let customer = try await changeableCustomer(customerId)
            let fields = try fields(customer)
            guard !formEncoded(fields).isEmpty else {
                AuditScope.current?.isUnchanged = true
                return customer
            }
            let isPartial = dependsOnCustomer || WholeObjects.isPartial(fields)
            let isBegunAnew = call.map { $0.isCarriedOn && (isPartial || !sync.isKeyKept(since: $0.since)) } ?? false
            if isBegunAnew, isDone(customer) { return customer }
            try await stored(await prepare())
            let whole = WholeObjects.completed(fields, from: customer.object)
            let key = isBegunAnew ? freshKey() : stripeKey(of: call)
            return try await send(whole, to: customer, key, for: call)
        }
    }

    /// Under the customer's lease.
    func send(
        _ fields: JSONObject, to customer: Customer, _ idempotencyKey: String, for call: NotedCall? = nil
    ) async throws(ServiceError) -> Customer {
        let failure: StripeError
        do throws(StripeError) {
            return try await stripe.updateCustomer(customer.id, fields, idempotencyKey: idempotencyKey).value
        } catch {
            failure = error
        }
        try await renewKey(of: call, after: failure)
        throw await explained(failure, customer.id, for: call)
    }

    /// The customer when it is alive and no other application's.
    /// - Throws: `customer_deleted`, `customer_not_found`.
    func changeableCustomer(_ customerId: String) async throws(ServiceError) -> Customer {
        let customer = try await livingCustomer(customerId)
        guard try await store.ownership(of: customer) != .anothers else { throw .anothersCustomer(customerId) }
        return customer
    }

    /// Under which key a change goes to Stripe: that of the call, as long as Stripe knows it.
    func stripeKey(of call: NotedCall?) -> String {
        guard let call, !call.isCarriedOn || sync.isKeyKept(since: call.since) else { return freshKey() }
        return call.stripeKey
    }

    /// A failure that Stripe saves under a key would come again for a day, whatever has become of the reason.
    func renewKey(of call: NotedCall?, after failure: StripeError) async throws(ServiceError) {
        guard let call, failure.kind == .unavailable, failure.isStripeAnswer else { return }
        try await stored(await store.renewKey(of: call))
    }

    /// The customer when it is alive.
    /// - Throws: `customer_deleted`, `customer_not_found`.
    func livingCustomer(_ customerId: String) async throws(ServiceError) -> Customer {
        let customer = try await atStripe(customerId: customerId) { () async throws(StripeError) in
            try await stripe.retrieveCustomer(customerId).value
        }
        guard !customer.isDeleted else { throw .customerDeleted(customerId) }
        return customer
    }

    /// Stripe says 404 of a customer that was deleted as of one that never was; a retrieve tells them apart.
    func explained(
        _ error: StripeError, _ customerId: String, for call: NotedCall? = nil
    ) async -> ServiceError {
        if error.kind == .notFound, let customer = try? await stripe.retrieveCustomer(customerId).value,
            customer.isDeleted
        {
            return .customerDeleted(customerId)
        }
        return ServiceError(error, customerId: customerId, for: call)
    }

    /// The customer as it is now; `nil` when Stripe knows no such one.
    func presentCustomer(_ customerId: String) async throws(ServiceError) -> Customer? {
        do throws(StripeError) {
            return try await stripe.retrieveCustomer(customerId).value
        } catch {
            // Without Stripe's code for it (localstripe, say) a 404 of a retrieve means the same, unless it is the URL that
            // is unknown.
            let isCodeless = error.status == 404 && error.isStripeAnswer && error.code == nil && !error.isUnknownURL
            if error.kind == .notFound || isCodeless { return nil }
            throw ServiceError(error, customerId: customerId)
        }
    }

    /// The only customer, or of several the only one that is linked to a user.
    /// - Throws: `ambiguous_customer` with all ids.
    func theOne(of customers: [Customer]) async throws(ServiceError) -> Customer? {
        guard customers.count > 1 else { return customers.first }
        var linked: [Customer] = []
        for customer in customers {
            let user = try await stored(await store.user(customerId: customer.id))
            if user != nil { linked.append(customer) }
        }
        if linked.count == 1 { return linked.first }
        throw ServiceError(
            .ambiguousCustomer, "Several customers have this email",
            details: ["candidates": .array(customers.map { .string($0.id) })])
    }

    /// Customers that were made for a user earlier: those that are still the user's, or nobody's, those of them that are
    /// alive, and those that name another user or are another application's by now.
    func formerCustomers(
        of userId: String
    ) async throws(ServiceError) -> (ids: [String], living: [Customer], others: [String]) {
        var former: (ids: [String], living: [Customer], others: [String]) = ([], [], [])
        for id in try await stored(await store.formerCustomers(of: userId)) {
            let customer = try await presentCustomer(id)
            if let customer {
                let isAnothers = try await store.ownership(of: customer) == .anothers
                if isAnothers || customer.owner != nil && !customer.names(userId) {
                    former.others.append(id)
                    continue
                }
            }
            former.ids.append(id)
            if let customer, !customer.isDeleted { former.living.append(customer) }
        }
        return former
    }

    /// "Also immediately cancels any active subscriptions on the customer" (https://docs.stripe.com/api/customers/delete),
    /// and open invoices can't be collected any more: a host has to say that it means it.
    /// - Throws: `deletion_blocked` with the counts.
    func requireDeletable(_ customerId: String) async throws(ServiceError) {
        let (subscriptions, invoices): (Int, Int)
        do throws(StripeError) {
            subscriptions = try await stripe.activeSubscriptionCount(customer: customerId).value
            let open = try await stripe.listInvoices(customer: customerId, status: "open", limit: 100)
            invoices = open.value.data.count
        } catch {
            // No such customer: the deletion itself will say so.
            if error.kind == .notFound { return }
            throw ServiceError(error, customerId: customerId)
        }
        guard subscriptions + invoices > 0 else { return }
        throw ServiceError(
            .deletionBlocked,
            "The customer has \(subscriptions) active subscriptions and \(invoices) open invoices;"
                + " force: true deletes it all the same",
            details: [
                "customerId": .string(customerId), "subscriptions": .number(JSONNumber(subscriptions)),
                "openInvoices": .number(JSONNumber(invoices)),
            ])
    }
}

extension ServiceError {
    static func customerDeleted(_ customerId: String) -> ServiceError {
        ServiceError(
            .customerDeleted, "The customer was deleted", details: ["customerId": .string(customerId)])
    }
}
