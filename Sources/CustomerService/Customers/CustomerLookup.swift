import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Finds the customer of a user at Stripe. A look-up that fails throws; it never reads as "there is none".
struct CustomerLookup: Sendable {
    let store: CustomerStore
    let stripe: StripeClient
    let log: Log

    /// The events of a customer that names a user under a foreign address are rarely asked for, so a busy account may be
    /// told from a proof; but not for as long as it takes to read a month of everybody's events.
    private static let eventPagesMax = 20

    /// The live customer that is provably the one sought, or `nil`; of several the one that came of the create, else the
    /// oldest.
    func customer(_ sought: SoughtCustomer, _ patience: Patience) async throws(ServiceError) -> (
        Customer, CustomerProof
    )? {
        let live = try await candidates(sought, patience)
        var proven = live.compactMap { customer in sought.proof(of: customer).map { (customer, $0) } }
        if proven.isEmpty {
            for customer in live {
                if let proof = try await proof(of: customer, sought, patience) {
                    proven.append((customer, proof))
                } else {
                    log(
                        .warning, "customer.unproven",
                        ["userId": .string(sought.userId), "customerId": .string(customer.id)])
                }
            }
        }
        return proven.first { $0.1 == .create } ?? proven.first
    }

    /// Live customers that name the user, oldest first. The list is up to date at once; search, which finds those whose
    /// address was changed, lags by a minute.
    private func candidates(_ sought: SoughtCustomer, _ patience: Patience) async throws(ServiceError) -> [Customer] {
        var found: [Customer] = []
        var asked: [String] = []
        for case let address? in sought.addresses where !asked.contains(where: { sameCodePoints($0, address) }) {
            found += try await listed(email: address, patience)
            asked.append(address)
        }
        let others = try await searched(.naming(sought.userId), patience)
        found += others ?? []
        // What no list of an address has, and search doesn't know yet or isn't there to tell.
        if let since = sought.sentSince, sought.addresses.contains(nil) || others == nil && sought.isKeyDead {
            found += try await listed(createdFrom: since, naming: sought.userId, patience)
        }
        let app = try await store.ownApp(of: found)
        let owned = found.filter {
            $0.names(sought.userId) && !$0.isArchived && $0.ownership(under: app) != .anothers
        }
        var live: [Customer] = []
        for customer in try await adoptable(owned, for: sought.userId) {
            if let current = try await confirmed(customer, owner: sought.userId, patience) { live.append(current) }
        }
        return live
    }

    /// What Stripe's events tell of a customer, "going back up to 30 days" (https://docs.stripe.com/api/events/list).
    private func proof(
        of customer: Customer, _ sought: SoughtCustomer, _ patience: Patience
    ) async throws(ServiceError) -> CustomerProof? {
        var walk = stripe.walk("/v1/events")
        do throws(StripeError) {
            for _ in 0..<Self.eventPagesMax {
                let page = try await stripe.listEvents(
                    types: [WebhookEvent.Kind.created, .updated].map(\.rawValue), limit: 100, startingAfter: walk.place,
                    createdFrom: customer.created.map { $0.multipliedSaturated(by: 1_000) }, patience: patience
                ).value
                for event in page.data.compactMap(WebhookEvent.init) {
                    if let proof = sought.proof(of: customer, by: event) { return proof }
                }
                guard try walk.goesOn(after: page) else { return nil }
            }
        } catch {
            if !error.saysNotOffered { throw ServiceError(error) }
        }
        return nil
    }

    /// The customer as it is now, if it is still to be had: between the list and the look at what is noted for disposal, a
    /// disposal may have come to its end.
    private func confirmed(
        _ customer: Customer, owner: String?, _ patience: Patience
    ) async throws(ServiceError) -> Customer? {
        let current = try await present(customer, owner: owner, patience)
        return current?.isArchived == true ? nil : current
    }

    /// The customer as it is now, if it still lives and names this user: search gives what was so a minute ago.
    private func present(
        _ customer: Customer, owner: String?, _ patience: Patience
    ) async throws(ServiceError) -> Customer? {
        guard let current = try await retrieved(customer, patience) else { return nil }
        let isOwners = (current.owner ?? "").utf8.elementsEqual((owner ?? "").utf8)
        let isAnothers = current.ownership(under: store.app) == .anothers
        return current.isDeleted || !isOwners || isAnothers ? nil : current
    }

    /// `nil` when Stripe has none of this id.
    private func retrieved(_ customer: Customer, _ patience: Patience) async throws(ServiceError) -> Customer? {
        let current: Customer
        do throws(StripeError) {
            current = try await stripe.retrieveCustomer(customer.id, patience: patience).value
        } catch {
            if error.kind == .notFound { return nil }
            throw ServiceError(error)
        }
        return try current.telling()
    }

    /// What a list or a search has found. Of those that don't say whose they are, Stripe is asked once more.
    private func telling(_ found: [Customer], _ patience: Patience) async throws(ServiceError) -> [Customer] {
        var telling: [Customer] = []
        for customer in found {
            if customer.tellsWhoseItIs {
                telling.append(customer)
            } else if let current = try await retrieved(customer, patience) {
                telling.append(current)
            }
        }
        return telling
    }

    /// Live customers of this address that belong to nobody, no other application either; oldest first.
    func unowned(email: String, for userId: String, patience: Patience) async throws(ServiceError) -> [Customer] {
        let found = try await customers(email: email, patience: patience)
        var confirmed: [Customer] = []
        for customer in try await adoptable(found.filter { $0.owner == nil && !$0.isArchived }, for: userId) {
            // Search gives what was so a minute ago.
            guard let current = try await self.confirmed(customer, owner: nil, patience),
                sameAddress(current.email ?? "", email)
            else { continue }
            confirmed.append(current)
        }
        return confirmed
    }

    /// All live customers of an address but those of other applications, oldest first.
    func customers(email: String, patience: Patience) async throws(ServiceError) -> [Customer] {
        var found = try await listed(email: email, patience)
        found += try await searched(.email(email), patience) ?? []
        let app = try await store.ownApp(of: found)
        let same = found.filter {
            sameAddress($0.email ?? "", email) && !$0.isDeleted && $0.ownership(under: app) != .anothers
        }
        return unique(same).sorted { ($0.created ?? 0, $0.id) < ($1.created ?? 0, $1.id) }
    }

    /// Customers that name the user in their metadata, archived ones included, whoever made them but another application. The
    /// list of the user's address is up to date; search finds those of other addresses, but lags.
    /// Each is looked at once more, since it may be about to be deleted.
    /// - Parameter known: The user's anyway.
    /// - Returns: They, and whether Stripe could be asked for all of them. An erasure doesn't wait for a Stripe that
    ///   is out of order.
    func customers(
        naming userId: String, email: String?, besides known: [String]
    ) async -> (customers: [Customer], isComplete: Bool) {
        let patience = Patience(maximumAttempts: 1, deadline: 10_000)
        var found: [Customer] = []
        var customers: [Customer] = []
        var isComplete = true
        do {
            if let email { found += try await listed(email: email, patience) }
            let others = try await searched(.naming(userId), patience)
            found += others ?? []
            isComplete = others != nil
        } catch { isComplete = false }
        do {
            let app = try await store.ownApp(of: found)
            let named = found.filter {
                $0.names(userId) && !known.contains($0.id) && $0.ownership(under: app) != .anothers
            }
            for customer in unique(named) {
                if let current = try await present(customer, owner: userId, patience) { customers.append(current) }
            }
        } catch { isComplete = false }
        return (customers, isComplete)
    }

    /// The list's filter is exact to the letter, so it is asked for the two spellings that are likely. It is up to date at
    /// once, where search, which finds every spelling, lags.
    private func listed(email: String, _ patience: Patience) async throws(ServiceError) -> [Customer] {
        let lowered = loweredAddress(email)
        let found = try await atStripe { () async throws(StripeError) in
            let found = try await stripe.everyCustomer(email: email, patience: patience)
            if sameCodePoints(lowered, email) { return found }
            return try await found + stripe.everyCustomer(email: lowered, patience: patience)
        }
        return try await telling(found, patience)
    }

    /// - Returns: `nil` where search isn't offered: "not available for merchants in India"
    ///   (https://docs.stripe.com/search), nor to a key without the right, nor by a stand-in without that endpoint.
    /// - Throws: When it is offered and fails: that something is not there can't be told then.
    private func searched(
        _ query: CustomerQuery, _ patience: Patience
    ) async throws(ServiceError) -> [Customer]? {
        let found: [Customer]
        do throws(StripeError) {
            found = try await stripe.everyCustomer(query, patience: patience)
        } catch {
            guard error.saysNotOffered else { throw ServiceError(error) }
            log(.warning, "search.unavailable", ["error": .string(error.kind.rawValue)])
            return nil
        }
        return try await telling(found, patience)
    }

    /// What was made since then, by clocks that may differ.
    private func listed(
        createdFrom: Milliseconds, naming userId: String, _ patience: Patience
    ) async throws(ServiceError) -> [Customer] {
        let earliest = createdFrom.subtractingSaturated(SoughtCustomer.clockTolerance * 1_000)
        let found = try await atStripe { () async throws(StripeError) in
            try await stripe.everyCustomer(createdFrom: earliest, patience: patience) { customer in
                !customer.tellsWhoseItIs || customer.names(userId)
            }
        }
        return try await telling(found, patience)
    }

    private func adoptable(_ customers: [Customer], for userId: String) async throws(ServiceError) -> [Customer] {
        let live = unique(customers.filter { !$0.isDeleted })
            .sorted { ($0.created ?? 0, $0.id) < ($1.created ?? 0, $1.id) }
        guard !live.isEmpty else { return [] }
        let refused = try await stored(await store.unadoptable(live.map(\.id), for: userId))
        return live.filter { !refused.contains($0.id) }
    }

    private func unique(_ customers: [Customer]) -> [Customer] {
        var seen: Set<String> = []
        return customers.filter { seen.insert($0.id).inserted }
    }
}

extension StripeError {
    /// The endpoint is not there for this account or key, and the same question will get the same answer.
    var saysNotOffered: Bool { [.rejected, .permission, .notFound].contains(kind) }
}

extension CustomerQuery {
    static func naming(_ userId: String) -> CustomerQuery { .metadata(name: CustomerMark.user, value: userId) }
}
