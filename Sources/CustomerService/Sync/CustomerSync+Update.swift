import Cryptography
import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Sending what differs to the customer that the user has.
extension CustomerSync {
    func update(
        _ customerId: String, of user: User, _ run: inout SyncRun
    ) async throws(ServiceError) -> SyncResult? {
        var known = run.claim.synced
        // A mark that is to be set, or that is not ours, is not trusted but looked at.
        let isMarkKnown = ProfileFields.same(known?["metadata"]?[CustomerMark.app]?.string, store.app)
        if known == nil || (run.request.verify || !isMarkKnown) && run.customer == nil {
            guard let customer = try await livingCustomer(customerId, run) else {
                return try await relink(after: customerId, &run)
            }
            if try await store.ownership(of: customer) == .anothers {
                throw ServiceError.takenByAnother(customerId, from: run.userId)
            }
            run.customer = customer
            known =
                known.map { ProfileFields.marked($0, as: customer.object) }
                ?? ProfileFields.adopted(customer.object, for: user, app: store.app)
        }
        let withheld = withheld(run.claim)
        let wanted = ProfileFields.profile(of: user, app: store.app)
        let profile = ProfileFields.profile(wanted, leaving: withheld, as: known ?? [:])
        let unsent = ProfileFields.difference(from: known ?? [:], to: wanted)
        let fields = run.claim.isArchived ? [:] : ProfileFields.without(withheld, unsent)
        if fields.isEmpty {
            let isNewlyKnown = run.claim.synced == nil && !run.claim.isArchived
            try await finish(customerId, isNewlyKnown ? profile : nil, inDoubt: nil, run)
            return run.result(customerId)
        }
        let inDoubt = ProfileFields.doubting(fields, in: run.claim.synced ?? [:])
        let sent = try await locked(.customer(customerId)) { _ async throws(ServiceError) -> Sent in
            guard try await begin(customerId, inDoubt, run) else { return .outdated }
            let sent = try await send(fields, to: customerId, &run)
            guard case .done(let customer) = sent else { return sent }
            run.customer = customer
            run.changed = fields.members.map(\.name)
            if run.outcome == .unchanged { run.outcome = .updated }
            try await finish(customerId, profile, inDoubt: inDoubt, run)
            return sent
        }
        switch sent {
        case .done: return run.result(customerId)
        case .refused: return nil
        case .outdated:
            run.claim = try await claim(run.userId, run.request)
            return nil
        case .gone: return try await relink(after: customerId, &run)
        }
    }

    private enum Sent: Sendable {
        case done(Customer)
        /// Stripe refuses one of the fields, and has what it had: the rest is for the next round.
        case refused
        /// The customer was deleted at Stripe.
        case gone
        /// Nothing was sent: the user was deleted, or changed its customer, since it was claimed.
        case outdated
    }

    /// - Returns: Whether there is still somebody of whom to send.
    private func begin(
        _ customerId: String, _ inDoubt: JSONObject, _ run: SyncRun
    ) async throws(ServiceError) -> Bool {
        let admission = try await leased("the customer") { () async throws(StoreError) in
            try await store.beginUpdate(of: customerId, for: run.userId, inDoubt: inDoubt)
        }
        switch admission {
        case .admitted: return true
        case .outdated: return false
        case .userLost: throw Self.leaseLost(run.userId)
        }
    }

    private func finish(
        _ customerId: String, _ profile: JSONObject?, inDoubt: JSONObject?, _ run: SyncRun
    ) async throws(ServiceError) {
        let (userId, change, sent) = (run.userId, run.claim.change?.id, inDoubt == nil ? [] : run.changed)
        try await stored(
            await store.finishSync(
                userId, customerId: customerId, profile: profile, inDoubt: inDoubt, sent: sent, completing: change,
                at: clock.now()))
    }

    /// `nil` when it was deleted at Stripe. One of the other mode was not: with the right key it is there.
    func livingCustomer(_ customerId: String, _ run: SyncRun) async throws(ServiceError) -> Customer? {
        do throws(StripeError) {
            let customer = try await stripe.retrieveCustomer(customerId, patience: run.request.patience).value
            return customer.isDeleted ? nil : customer
        } catch {
            if error.kind == .notFound, !error.existsInOtherMode { return nil }
            throw ServiceError(error, customerId: customerId, userId: run.userId)
        }
    }

    /// A saved failure or refusal, or a body that differs from what was sent under this key: the next attempt needs a new
    /// one, and may have one, since setting fields twice comes to the same.
    private static let spendsTheKey: Set<StripeError.Kind> = [.unavailable, .rejected, .idempotencyMismatch]

    private func send(
        _ fields: JSONObject, to customerId: String, _ run: inout SyncRun
    ) async throws(ServiceError) -> Sent {
        let key = updateKey(of: run.claim.change?.id ?? identifiers.next(), fields, to: customerId)
        do throws(StripeError) {
            return .done(
                try await stripe.updateCustomer(
                    customerId, fields, idempotencyKey: key, patience: run.request.patience
                ).value)
        } catch {
            // Where it is certain that nothing has happened, Stripe has what it had.
            let known = error.outcomeUnknown ? nil : run.claim.synced
            try await stored(await store.cancelUpdate(of: customerId, for: run.userId, known: known))
            if error.kind == .notFound, !error.existsInOtherMode { return .gone }
            if error.isStripeAnswer, Self.spendsTheKey.contains(error.kind) { try await renewKey(&run) }
            let failure = ServiceError(error, customerId: customerId, userId: run.userId)
            guard case .user(let field) = failure.awaited, ProfileFields.canLeaveOut(field, of: fields) else {
                throw failure
            }
            try await record(field, refusedBy: failure, &run)
            return .refused
        }
    }

    /// The key is the change's own: after a crash the same change with the same fields replays instead of writing again
    /// over what may have been edited at Stripe since. The same change may come to other fields, since the customer, what
    /// is known of it, or the application's name is another one by then. So the key holds a few digits of what is sent:
    /// enough that no key stands for two requests, too few to tell anything of the fields.
    private func updateKey(of change: String, _ fields: JSONObject, to customerId: String) -> String {
        let request = customerId + JSONValue.object(fields).description
        return SyncKey.update.of(change + "-" + Hexadecimal.text(SHA256.hash(request.utf8).prefix(4)))
    }

    /// A change that came meanwhile keeps its own id: it is not the one that is being carried out.
    private func renewKey(_ run: inout SyncRun) async throws(ServiceError) {
        guard let change = run.claim.change?.id else { return }
        let userId = run.userId
        let renewed = try await stored(await store.renewChange(change, of: userId))
        run.claim.change?.id = renewed ?? identifiers.next()
    }

    /// The customer is gone: the user gets a new one, under a new generation.
    private func relink(after customerId: String, _ run: inout SyncRun) async throws(ServiceError) -> SyncResult? {
        log(.warning, "sync.customer_gone", ["userId": .string(run.userId), "customerId": .string(customerId)])
        try await stored(await store.unlinkDeleted(customerId))
        run.outcome = .relinked
        run.claim.user?.customerId = nil
        run.claim.synced = nil
        return nil
    }
}
