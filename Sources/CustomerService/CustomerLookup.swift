internal import CustomerStore
internal import Environment
internal import JSON
internal import Stripe

/// Finds the customer of a user at Stripe. A look-up that fails throws; it never reads as "there is none".
struct CustomerLookup: Sendable {
    let store: CustomerStore
    let stripe: StripeClient

    /// The live customer that names this user in its metadata, or `nil`; of several the oldest.
    ///
    /// - Parameters:
    ///   - emails: Where to look: the list is up to date at once ("not for read-after-write" is said of search only).
    ///   - thorough: Ask search too, which finds a customer whose address was changed, but lags.
    ///   - sentSince: When it can have been made at the earliest; `nil` when no create was sent yet.
    func customer(
        ownedBy userId: String, emails: [String], thorough: Bool, sentSince: Milliseconds?, patience: Patience
    ) async throws(ServiceError) -> Customer? {
        var found: [Customer] = []
        for email in emails { found += try await listed(email: email, patience) }
        if thorough || emails.isEmpty {
            found += try await searched(userId: userId, since: sentSince, patience)
        }
        // Without an address the list is still what is up to date; a day of it is left to search.
        if emails.isEmpty, !thorough, let sentSince {
            found += try await listed(createdFrom: sentSince, naming: userId, patience)
        }
        let owned = found.filter { $0.owner.map { sameCodePoints($0, userId) } == true && !$0.isArchived }
        for customer in try await adoptable(owned, for: userId) {
            if let confirmed = try await confirmed(customer, owner: userId, patience) { return confirmed }
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
        do throws(StripeError) {
            let current = try await stripe.retrieveCustomer(customer.id, patience: patience).value
            let isOwners = (current.owner ?? "").utf8.elementsEqual((owner ?? "").utf8)
            return current.isDeleted || !isOwners ? nil : current
        } catch {
            if error.kind == .notFound { return nil }
            throw ServiceError(error)
        }
    }

    /// Live customers of this address that belong to nobody: without regard to case as far as Stripe's list, which is
    /// case-sensitive, can be asked.
    func unowned(email: String, for userId: String, patience: Patience) async throws(ServiceError) -> [Customer] {
        var found: [Customer] = []
        for spelling in spellings(of: email) { found += try await listed(email: spelling, patience) }
        var confirmed: [Customer] = []
        for customer in try await adoptable(found.filter { $0.owner == nil && !$0.isArchived }, for: userId) {
            if let current = try await self.confirmed(customer, owner: nil, patience) { confirmed.append(current) }
        }
        return confirmed
    }

    /// All live customers of an address, oldest first. Search finds other spellings, but is only asked as a help:
    /// not every account has it, and it lags.
    func customers(email: String, patience: Patience) async throws(ServiceError) -> [Customer] {
        var found: [Customer] = []
        for spelling in spellings(of: email) { found += try await listed(email: spelling, patience) }
        do throws(StripeError) {
            found += try await stripe.searchCustomers(
                query: "email:\(searchQuote(email))", limit: 100, patience: patience
            ).value.data
        } catch {}
        let same = found.filter { sameAddress($0.email ?? "", email) && !$0.isDeleted }
        return unique(same).sorted { ($0.created ?? 0, $0.id) < ($1.created ?? 0, $1.id) }
    }

    /// Customers that name the user in their metadata, archived ones included, whoever made them. The list of the user's
    /// address is up to date; search finds those of other addresses, but lags.
    /// Each is looked at once more, since it is about to be deleted.
    /// - Parameter known: The user's anyway.
    /// - Returns: Their ids, and whether Stripe could be asked for all of them. An erasure doesn't wait for a Stripe that
    ///   is out of order.
    func customers(
        naming userId: String, email: String?, besides known: [String]
    ) async -> (ids: [String], isComplete: Bool) {
        let patience = Patience(maximumAttempts: 1, deadline: 10_000)
        var found: [Customer] = []
        var ids: [String] = []
        var isComplete = true
        do {
            for spelling in email.map(spellings) ?? [] { found += try await listed(email: spelling, patience) }
            found += try await stripe.everyCustomer(query: Self.query(naming: userId), patience: patience)
        } catch { isComplete = false }
        do {
            let named = found.filter { $0.owner.map { sameCodePoints($0, userId) } == true && !known.contains($0.id) }
            for customer in unique(named) {
                if let current = try await present(customer, owner: userId, patience) { ids.append(current.id) }
            }
        } catch { isComplete = false }
        return (ids, isComplete)
    }

    private static func query(naming userId: String) -> String {
        "metadata[\(searchQuote(ProfileFields.userIdName))]:\(searchQuote(userId))"
    }

    private func spellings(of email: String) -> [String] {
        let lower = email.lowercased()
        return sameCodePoints(lower, email) ? [email] : [email, lower]
    }

    private func listed(email: String, _ patience: Patience) async throws(ServiceError) -> [Customer] {
        try await atStripe { () async throws(StripeError) in
            try await stripe.everyCustomer(email: email, patience: patience)
        }
    }

    private func searched(
        userId: String, since: Milliseconds?, _ patience: Patience
    ) async throws(ServiceError) -> [Customer] {
        do throws(StripeError) {
            return try await stripe.everyCustomer(query: Self.query(naming: userId), patience: patience)
        } catch {
            // "Search is not available for merchants in India" (https://docs.stripe.com/search): there, and for a key
            // without the right, all customers made since then are looked through instead.
            guard [.rejected, .permission, .notFound].contains(error.kind) else { throw ServiceError(error) }
        }
        guard let since else { return [] }
        return try await listed(createdFrom: since, naming: userId, patience)
    }

    /// What was made since then, by clocks that may differ by ten minutes.
    private func listed(
        createdFrom: Milliseconds, naming userId: String, _ patience: Patience
    ) async throws(ServiceError) -> [Customer] {
        try await atStripe { () async throws(StripeError) in
            try await stripe.everyCustomer(
                createdFrom: createdFrom.subtractingSaturated(600_000), patience: patience
            ) { customer in customer.owner.map { sameCodePoints($0, userId) } ?? false }
        }
    }

    private func adoptable(_ customers: [Customer], for userId: String) async throws(ServiceError) -> [Customer] {
        let live = unique(customers.filter { !$0.isDeleted })
            .sorted { ($0.created ?? 0, $0.id) < ($1.created ?? 0, $1.id) }
        guard !live.isEmpty else { return [] }
        let refused = try await stored { () async throws(StoreError) in
            try await store.unadoptable(live.map(\.id), for: userId)
        }
        return live.filter { !refused.contains($0.id) }
    }

    private func unique(_ customers: [Customer]) -> [Customer] {
        var seen: Set<String> = []
        return customers.filter { seen.insert($0.id).inserted }
    }
}

extension Customer {
    /// The user that it names in its metadata.
    var owner: String? {
        let userId = metadata?[ProfileFields.userIdName]?.string
        return userId?.isEmpty == true ? nil : userId
    }

    var isArchived: Bool { metadata?[ProfileFields.archivedAtName] != nil }
}
