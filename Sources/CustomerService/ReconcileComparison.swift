internal import CustomerStore
internal import JSON
internal import Stripe

/// What is not in line with one customer or one user.
extension Reconciliation {
    /// A listed customer and the user who has it.
    func compare(_ customer: Customer, _ link: LinkFacts, _ progress: inout Progress) -> [ReconcileFinding] {
        let user = link.user
        if customer.object["livemode"]?.bool ?? service.isLive != service.isLive {
            return [.wrongMode(user.id, customer.id)]
        }
        // An archived customer is not synced, so it may be what it is.
        guard !link.isArchived, !customer.isArchived else { return [] }
        let synced = link.synced ?? SyncedProfile(profile: ProfileFields.adopted(customer.object, for: user))
        let drift = ProfileFields.drift(of: customer.object, user: user, synced: synced, wins: service.stripeWins)
        progress.keptEdits += drift.kept
        return drift.fields.isEmpty ? [] : [.drift(user.id, customer.id, drift.fields)]
    }

    /// A user, after all customers were listed.
    func examine(_ facts: UserFacts, _ progress: inout Progress) async throws(ServiceError) -> [ReconcileFinding] {
        let userId = facts.user.id
        guard let customerId = facts.user.customerId else {
            switch facts.others.count {
            case 0: return [.missing(userId)]
            case 1: return [.adoptable(facts.others[0], by: userId)]
            default: return [try await toKeep(of: facts.others, for: userId)]
            }
        }
        var found: [ReconcileFinding] = []
        let others = facts.others
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

    func link(to customerId: String) async throws(ServiceError) -> LinkFacts? {
        try await stored { () async throws(StoreError) in try await store.links(to: [customerId])[customerId] }
    }

    /// Of several customers that name a user who has none: the one with subscriptions, else the oldest.
    private func toKeep(of candidates: [String], for userId: String) async throws(ServiceError) -> ReconcileFinding {
        var (keep, reason) = (candidates[0], "the oldest")
        for candidate in candidates {
            let count: Int
            do throws(StripeError) {
                count = try await service.stripe.activeSubscriptionCount(customer: candidate).value
            } catch {
                throw ServiceError(error, customerId: candidate, userId: userId)
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

// MARK: - Repairs

extension Reconciliation {
    private static let repairsAtOnce = 8

    /// Repairs what can be repaired by the rules of the sync. Nothing is deleted or archived.
    /// - Throws: `ServiceError` when nothing can be repaired at this time: the next reconciliation goes on there.
    func repaired(_ found: [ReconcileFinding]) async throws(ServiceError) -> [ReconcileFinding] {
        var found = found
        var waiting = found.indices.filter { found[$0].repair != nil }[...]
        while !waiting.isEmpty {
            let some = waiting.prefix(Self.repairsAtOnce)
            waiting = waiting.dropFirst(Self.repairsAtOnce)
            let results = await withTaskGroup(of: (Int, Result<Bool, ServiceError>).self) { group in
                for index in some {
                    let finding = found[index]
                    group.addTask { (index, await attempt(finding)) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            for (index, result) in results {
                switch result {
                case .success(let isFixed): found[index].isFixed = isFixed
                case .failure(let error) where error.isOutage: throw error
                case .failure(let error): found[index].action += "; tried: \(error.kind.rawValue)"
                }
            }
        }
        return found
    }

    private func attempt(_ finding: ReconcileFinding) async -> Result<Bool, ServiceError> {
        do throws(ServiceError) { return .success(try await repair(finding)) } catch { return .failure(error) }
    }

    private func repair(_ finding: ReconcileFinding) async throws(ServiceError) -> Bool {
        guard let repair = finding.repair, let userId = finding.userId else { return false }
        switch repair {
        case .sync: _ = try await service.sync.bringInLine(userId)
        case .relink:
            if let other = finding.successor, let dead = finding.customerId,
                try await service.presentCustomer(other) != nil
            {
                try await stored { () async throws(StoreError) in try await store.unlinkDeleted(dead) }
                _ = try await service.adopt(other, by: userId)
            }
            _ = try await service.sync.bringInLine(userId, SyncRequest(verify: true))
        case .takeIn:
            guard let customerId = finding.customerId else { return false }
            // Again where the outcome of an update was not known: only now can be told what was edited since.
            for _ in 0..<2 where try await takeIn(customerId, of: userId) { return true }
            return false
        case .adopt:
            guard let customerId = finding.customerId, try await service.adopt(customerId, by: userId) else {
                return false
            }
            _ = try await service.sync.bringInLine(userId)
        }
        return true
    }

    /// - Returns: Whether user and customer are in line now. An address that another user has, say, can't go into the row.
    private func takeIn(_ customerId: String, of userId: String) async throws(ServiceError) -> Bool {
        try await service.sync.withLease(.user(userId), "the user") { () async throws(ServiceError) in
            guard let customer = try await service.presentCustomer(customerId), !customer.isDeleted else { return }
            _ = try await service.absorb(customer.object)
        }
        _ = try await service.sync.bringInLine(userId)
        guard let customer = try await service.presentCustomer(customerId), let link = try await link(to: customerId)
        else { return false }
        var ignored = Progress(fixes: true, startedAt: 0)
        return compare(customer, link, &ignored).isEmpty
    }
}

extension ProfileFields {
    /// The fields in which a customer differs from its user although by the rules of the sync it should not: what the user
    /// changed and was not sent, what was edited at Stripe and is not known here, and what should have gone into the user's
    /// row. `kept` counts the edits that are known and stay.
    static func drift(
        of customer: JSONObject, user: User, synced: SyncedProfile, wins: [String]
    ) -> (fields: [String], kept: Int) {
        let row = profile(of: user)
        // Also what the user has no more and Stripe still has.
        let apart = names(of: difference(from: mirror(of: customer, like: row, synced.profile), to: row))
        let state = mirror(of: customer, like: synced.profile)
        let unsent = names(of: difference(from: synced.profile, to: row))
        let unknown = names(of: difference(from: known(synced), to: state))
        let edited = names(of: difference(from: synced.profile, to: state))
        let fields = apart.filter { unsent.contains($0) || unknown.contains($0) || wins.contains($0) }
        return (fields, edited.count { !fields.contains($0) && apart.contains($0) })
    }

    /// `email`, `metadata.plan`, …
    private static func names(of fields: JSONObject) -> [String] {
        fields.members.flatMap { member in
            member.value.object.map { $0.members.map { "metadata.\($0.name)" } } ?? [member.name]
        }
    }
}
