import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Takes in what Stripe's events say of customers, whether a webhook or a poll brought them.
///
/// Events come more than once and in any order. An event that was seen counts no more; one that is older than the newest
/// of its customer says nothing. Any other is taken at its word when what it says was there before is just what is
/// known here; if not (something was missed, or a write of ours lies between) Stripe is asked what the customer is now.
/// That also settles events of one second, whose order their times don't tell and their ids don't either, and those that
/// may be older than our last write: that one may have set a field back to just what the event says was there before.
/// And those whose time can't be one: taken at its word, it would make every true one after it look old.
struct WebhookIntake: Sendable {
    let service: CustomerService

    private var store: CustomerStore { service.store }

    /// So far Stripe's clock and the machine's may be apart.
    private static let clockToleranceSeconds: Int64 = 60

    func take(_ event: WebhookEvent) async throws(ServiceError) -> WebhookOutcome {
        guard let kind = event.kind, event.isLive == service.isLive, event.account == service.account else {
            return WebhookOutcome(event, handled: false, .none)
        }
        let seen = try await stored(await store.seenEvent(event.id))
        if let seen { return WebhookOutcome(event, repeating: seen) }
        let event = event.believed(at: service.clock.now())
        switch kind {
        case .created: return try await takeCreation(event)
        case .updated: return try await takeUpdate(event)
        case .deleted: return try await takeDeletion(event)
        }
    }

    // MARK: Updates

    private func takeUpdate(_ event: WebhookEvent) async throws(ServiceError) -> WebhookOutcome {
        let known = try await knowledge(event)
        guard let user = known.user else { return try await noted(event, .none) }
        if event.isEcho { return try await noted(event, .echo, user.id) }
        if known.synced?.isInDoubt == true { try await settle(user) }
        return try await service.sync.withLease(.user(user.id), "the user") { () async throws(ServiceError) in
            try await takeUpdate(event, of: user.id)
        }
    }

    /// News is taken in after an update whose outcome is not known, since which of the two Stripe has seen first can't be
    /// told before. Where Stripe refuses the update for good its fields stay in doubt, and no news goes over them.
    private func settle(_ user: User) async throws(ServiceError) {
        do throws(ServiceError) {
            _ = try await service.sync.bringInLine(user.id)
        } catch {
            if !error.isFinal { throw error }
        }
    }

    /// With the user's lease: no sync is between sending and recording.
    private func takeUpdate(_ event: WebhookEvent, of userId: String) async throws(ServiceError) -> WebhookOutcome {
        let (known, seen) = try await withStore { () async throws(StoreError) in
            (
                try await store.knowledge(of: event.mark.customerId),
                // Another process may have been at it.
                try await store.seenEvent(event.id)
            )
        }
        if let seen { return WebhookOutcome(event, repeating: seen) }
        guard known.user != nil, let synced = known.synced, !known.isDeleted else {
            return try await noted(event, .none)
        }
        let newest = EventMark.believable(known.newest, at: service.clock.now())
        if let newest, event.created < newest { return try await noted(event, .stale, userId) }
        var customer = event.customer
        if !canBeTaken(event, known, synced) {
            guard let present = try await service.presentCustomer(event.mark.customerId) else {
                return try await noted(event, .none, userId)
            }
            if present.isDeleted { return try await takeDeletion(event, of: userId) }
            customer = present.object
        }
        let changed = try await service.absorb(customer, mark: event.mark)
        return WebhookOutcome(
            event, changed == nil ? .none : changed?.isEmpty == true ? .recorded : .userUpdated, userId)
    }

    private func canBeTaken(_ event: WebhookEvent, _ known: CustomerKnowledge, _ synced: SyncedProfile) -> Bool {
        if event.isTimeless || event.created == known.newest { return false }
        if event.created <= (known.syncedAt ?? 0) / 1000 + Self.clockToleranceSeconds { return false }
        guard let before = event.before else { return true }
        let last = ProfileFields.known(synced)
        return ProfileFields.difference(
            from: last, to: ProfileFields.mirror(of: before, over: last, like: synced.profile)
        ).isEmpty
    }

    // MARK: Deletions

    /// A deletion is final, so it counts whatever else is known.
    private func takeDeletion(_ event: WebhookEvent) async throws(ServiceError) -> WebhookOutcome {
        guard let user = try await knowledge(event).user else { return try await takeDeletion(event, of: nil) }
        return try await service.sync.withLease(.user(user.id), "the user") { () async throws(ServiceError) in
            try await takeDeletion(event, of: user.id)
        }
    }

    private func takeDeletion(_ event: WebhookEvent, of user: String?) async throws(ServiceError) -> WebhookOutcome {
        let userId = try await stored(await store.absorbDeletion(event.mark, at: service.clock.now()))
        guard let userId else { return WebhookOutcome(event, .none, user) }
        service.log(
            .warning, "customer.deleted_at_stripe",
            ["userId": .string(userId), "customerId": .string(event.mark.customerId)])
        return WebhookOutcome(event, .unlinked, userId)
    }

    // MARK: Creations

    private func takeCreation(_ event: WebhookEvent) async throws(ServiceError) -> WebhookOutcome {
        guard let customer = Customer(event.customer), let owner = customer.owner, !event.isEcho else {
            return try await noted(event, event.isEcho ? .echo : .none)
        }
        let linked = try await service.adopt(customer.id, by: owner)
        return try await noted(event, linked ? .linked : .none, linked ? owner : nil)
    }

    // MARK: Pieces

    private func knowledge(_ event: WebhookEvent) async throws(ServiceError) -> CustomerKnowledge {
        try await stored(await store.knowledge(of: event.mark.customerId))
    }

    private func noted(
        _ event: WebhookEvent, _ effect: EventEffect, _ userId: String? = nil
    ) async throws(ServiceError) -> WebhookOutcome {
        try await stored(await store.note(event.mark, effect, userId: userId, at: service.clock.now()))
        return WebhookOutcome(event, effect, userId)
    }
}
