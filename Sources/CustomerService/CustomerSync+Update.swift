internal import CustomerStore
internal import Environment
internal import JSON
internal import Stripe

/// Sending what differs to the customer that the user has.
extension CustomerSync {
    func update(
        _ customerId: String, of user: User, _ flight: inout Flight
    ) async throws(ServiceError) -> SyncResult? {
        var known = flight.claim.synced
        if known == nil || flight.request.verify && flight.customer == nil {
            guard let customer = try await livingCustomer(customerId, flight) else {
                return try await relink(after: customerId, &flight)
            }
            flight.customer = customer
            if known == nil { known = ProfileFields.adopted(customer.object, for: user) }
        }
        let profile = ProfileFields.profile(of: user)
        let fields = flight.claim.isArchived ? [:] : ProfileFields.difference(from: known ?? [:], to: profile)
        if fields.isEmpty {
            let isNewlyKnown = flight.claim.synced == nil && !flight.claim.isArchived
            try await finish(customerId, isNewlyKnown ? profile : nil, inDoubt: nil, flight)
            return flight.result(customerId)
        }
        let inDoubt = ProfileFields.doubting(fields, in: flight.claim.synced ?? [:])
        let isSent = try await locks.withLock(.customer(customerId)) { _ async throws(ServiceError) in
            try await begin(customerId, inDoubt, flight)
            guard let customer = try await send(fields, to: customerId, &flight) else { return false }
            flight.customer = customer
            flight.changed = fields.members.map(\.name)
            if flight.outcome == .unchanged { flight.outcome = .updated }
            try await finish(customerId, profile, inDoubt: inDoubt, flight)
            return true
        }
        return isSent ? flight.result(customerId) : try await relink(after: customerId, &flight)
    }

    private func begin(
        _ customerId: String, _ inDoubt: JSONObject, _ flight: Flight
    ) async throws(ServiceError) {
        let admission = try await leased("the customer") { () async throws(StoreError) in
            try await store.beginUpdate(of: customerId, for: flight.userId, inDoubt: inDoubt)
        }
        if case .userLost = admission { throw Self.leaseLost(flight.userId) }
    }

    private func finish(
        _ customerId: String, _ profile: JSONObject?, inDoubt: JSONObject?, _ flight: Flight
    ) async throws(ServiceError) {
        let (userId, change, sent) = (flight.userId, flight.claim.change?.id, inDoubt == nil ? [] : flight.changed)
        try await stored { () async throws(StoreError) in
            try await store.finishSync(
                userId, customerId: customerId, profile: profile, inDoubt: inDoubt, sent: sent, completing: change,
                at: clock.now())
        }
    }

    /// `nil` when it was deleted at Stripe. One of the other mode was not: with the right key it is there.
    private func livingCustomer(_ customerId: String, _ flight: Flight) async throws(ServiceError) -> Customer? {
        do throws(StripeError) {
            let customer = try await stripe.retrieveCustomer(customerId, patience: flight.request.patience).value
            return customer.isDeleted ? nil : customer
        } catch {
            if error.kind == .notFound, !error.existsInOtherMode { return nil }
            throw ServiceError(error, customerId: customerId, userId: flight.userId)
        }
    }

    /// `nil` when it was deleted at Stripe.
    ///
    /// The key is the change's own: after a crash the same change with the same fields replays instead of writing again
    /// over what may have been edited at Stripe since.
    private func send(
        _ fields: JSONObject, to customerId: String, _ flight: inout Flight
    ) async throws(ServiceError) -> Customer? {
        let key = SyncKey.update.of(flight.claim.change?.id ?? identifiers.next())
        do throws(StripeError) {
            return try await stripe.updateCustomer(
                customerId, fields, idempotencyKey: key, patience: flight.request.patience
            ).value
        } catch {
            // Where it is certain that nothing has happened, Stripe has what it had.
            if error.kind != .idempotencyMismatch || flight.hasRenewedKey {
                let known = error.outcomeUnknown ? nil : flight.claim.synced
                try await stored { () async throws(StoreError) in
                    try await store.cancelUpdate(of: customerId, for: flight.userId, known: known)
                }
            }
            if error.kind == .notFound, !error.existsInOtherMode { return nil }
            // A saved failure, or a body that differs from what was sent under this key: the next attempt needs a new
            // one, and may have one, since setting fields twice comes to the same.
            if error.isStripeAnswer, [.unavailable, .idempotencyMismatch].contains(error.kind) {
                try await renewKey(&flight)
                if error.kind == .idempotencyMismatch, !flight.hasRenewedKey {
                    flight.hasRenewedKey = true
                    return try await send(fields, to: customerId, &flight)
                }
            }
            throw ServiceError(error, customerId: customerId, userId: flight.userId)
        }
    }

    /// A change that came meanwhile keeps its own id: it is not the one that is being carried out.
    private func renewKey(_ flight: inout Flight) async throws(ServiceError) {
        guard let change = flight.claim.change?.id else { return }
        let userId = flight.userId
        let renewed = try await stored { () async throws(StoreError) in
            try await store.renewChange(change, of: userId)
        }
        flight.claim.change?.id = renewed ?? identifiers.next()
    }

    /// The customer is gone: the user gets a new one, under a new generation.
    private func relink(after customerId: String, _ flight: inout Flight) async throws(ServiceError) -> SyncResult? {
        log(.warning, "sync.customer_gone", ["userId": .string(flight.userId), "customerId": .string(customerId)])
        try await stored { () async throws(StoreError) in try await store.unlinkDeleted(customerId) }
        flight.outcome = .relinked
        flight.claim.user?.customerId = nil
        flight.claim.synced = nil
        return nil
    }
}
