import CustomerStore
import Interface
import JSON
import Stripe

/// What is not in line with one customer or one user.
extension Reconciliation {
    /// A listed customer and the user who has it.
    func compare(_ customer: Customer, _ link: LinkFacts, _ progress: inout Progress) -> [ReconcileFinding] {
        let user = link.user
        if customer.object["livemode"]?.bool ?? service.isLive != service.isLive {
            return [.wrongMode(user.id, customer.id)]
        }
        if customer.ownership(under: store.app) == .anothers { return [.takenByAnother(customer.id, from: user.id)] }
        // An archived customer is not synced, so it may be what it is, but for the mark that says so.
        if link.isArchived { return customer.isArchived ? [] : [.archiveMarkLost(user.id, customer.id)] }
        let app = store.app
        let synced = link.synced ?? SyncedProfile(profile: ProfileFields.adopted(customer.object, for: user, app: app))
        let drift = ProfileFields.drift(
            of: customer.object, user: user, synced: synced, wins: service.stripeWins, app: app)
        progress.keptEdits += drift.kept
        guard !drift.fields.isEmpty else { return [] }
        let refused = service.sync.standing(link.refused, of: user) + link.refused.filter { $0.side == .users }
        return [.drift(user.id, customer.id, drift.fields, refused: refused)]
    }

    /// A user, after all customers were listed.
    func examine(_ facts: UserFacts, _ progress: inout Progress) async throws(ServiceError) -> [ReconcileFinding] {
        let userId = facts.user.id
        let others = try await stillOpen(facts.others, progress)
        guard let customerId = facts.user.customerId else {
            switch others.count {
            case 0: return [.missing(userId, parkedFor: facts.parkedFor)]
            case 1: return [.adoptable(others[0], by: userId)]
            default: return [try await toKeep(of: others, for: userId)]
            }
        }
        var found: [ReconcileFinding] = []
        if !facts.isListed {
            let successor = others.count == 1 ? others.first : nil
            found += try await examine(unlisted: customerId, of: facts.user, successor, &progress)
        }
        let isGone = found.contains { [.deadLink, .wrongMode].contains($0.kind) }
        // Once that link is gone, a single one is what the user gets, and of several one is to be chosen.
        if isGone, others.count > 1 { found.append(try await toKeep(of: others, for: userId)) }
        if !isGone, !others.isEmpty {
            found.append(
                .duplicate(userId, keep: customerId, "the user has it", others: others, isLinked: true))
        }
        return found
    }

    /// A list leaves out the deleted, those of test clocks, and who was made since it began.
    /// - Parameter successor: The only other customer that names the user.
    private func examine(
        unlisted customerId: String, of user: User, _ successor: String?, _ progress: inout Progress
    ) async throws(ServiceError) -> [ReconcileFinding] {
        let customer: Customer
        do throws(StripeError) {
            customer = try await service.stripe.retrieveCustomer(customerId).value
        } catch {
            guard error.kind == .notFound else { throw ServiceError(error, customerId: customerId, userId: user.id) }
            return [
                error.existsInOtherMode
                    ? .wrongMode(user.id, customerId, successor) : .deadLink(user.id, customerId, successor)
            ]
        }
        if customer.isDeleted { return [.deadLink(user.id, customerId, successor)] }
        let link = try await link(to: customerId)
        return link.map { compare(customer, $0, &progress) } ?? []
    }

    // MARK: A second look

    /// Those of listed customers of nobody that are so still: calls don't wait for a reconciliation. Stripe is asked
    /// again only for those with which something was done here since the list was begun.
    func stillOpen(_ customerIds: [String], _ progress: Progress) async throws(ServiceError) -> [String] {
        let touched = try await stored(await store.customersTouched(customerIds, since: progress.auditEnd))
        var open: [String] = []
        for id in customerIds {
            if touched.contains(id) {
                guard let customer = try await service.presentCustomer(id), !customer.isDeleted, !customer.isArchived,
                    try await link(to: id) == nil, try await store.ownership(of: customer) != .anothers
                else { continue }
            }
            open.append(id)
        }
        return open
    }

    /// Whether the user is there with the link that it had before Stripe was asked.
    func isAsItWas(_ user: User) async throws(ServiceError) -> Bool {
        let now = try await stored(await store.user(user.id))
        return now.map { $0.customerId == user.customerId } ?? false
    }

    func link(to customerId: String) async throws(ServiceError) -> LinkFacts? {
        try await stored(await store.links(to: [customerId])[customerId])
    }

    /// Of several customers that name a user who has none: the one with subscriptions, else the oldest.
    private func toKeep(of candidates: [String], for userId: String) async throws(ServiceError) -> ReconcileFinding {
        var (keep, reason) = (candidates[0], "the oldest")
        for candidate in candidates {
            let count = try await atStripe(customerId: candidate, userId: userId) { () async throws(StripeError) in
                try await service.stripe.activeSubscriptionCount(customer: candidate).value
            }
            if count > 0 {
                (keep, reason) = (candidate, "it has subscriptions")
                break
            }
        }
        let others = candidates.filter { $0 != keep }
        return .duplicate(userId, keep: keep, reason, others: others, isLinked: false)
    }
}
