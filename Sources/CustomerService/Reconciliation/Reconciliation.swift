import CustomerStore
import Environment
package import Interface
package import JSON
import Stripe

/// Compares every user with every customer, once.
///
/// Three walks, each page by page: Stripe's customers (drift), the users (no customer, a dead one, several), and what was
/// listed (customers of nobody). The ids of what was listed are kept in the database, which the later walks look things up
/// in; so memory stays constant, and a reconciliation that was killed goes on at its last page. The rate limiter of the
/// Stripe client throttles it like everything else.
package struct Reconciliation: Sendable {
    /// How far it has come: on disk after each page.
    struct Progress: Codable, Sendable {
        enum Walk: String, Codable, Sendable { case customers, users, orphans, done }

        var walk = Walk.customers
        /// The last id of the walk that was dealt with.
        var last: String?
        var users = 0
        var customers = 0
        var keptEdits = 0
        /// How often the customers were listed anew because Stripe refused the place reached.
        var restarts = 0
        /// For how long users were waited for on whom somebody was working.
        var waited: Milliseconds = 0
        var fixes: Bool
        var startedAt: Milliseconds
        /// Where the audit log ended then: what was done here since is not in what was listed.
        var auditEnd: Int64

        /// It was on disk: counts that nobody has counted to are no place to go on from.
        var makesSense: Bool {
            [users, customers, keptEdits, restarts, Int(waited)].allSatisfy { (0..<1 << 40).contains($0) }
        }
    }

    package struct Report: Encodable, Sendable {
        package var users: Int
        package var customers: Int
        /// Fields that were edited at Stripe and stay so.
        package var keptEdits: Int
        package var fix: Bool
        package var fixed: Int
        /// By kind; all of them, also what `findings` has no room for.
        package var counts: JSONObject
        package var findings: [JSONObject]
        package var truncated: Bool

        /// How many are left for a person to act upon.
        package var open: Int { counts.members.reduce(0) { $0 + Int($1.value.int64 ?? 0) } - fixed }
    }

    let service: CustomerService
    let fixes: Bool

    private static let pageSize = 100
    /// Ten million customers.
    private static let pagesMax = 100_000
    /// More would make an answer of many megabytes.
    private static let findingsMax = 10_000
    /// What was listed longer ago is listed anew.
    private static let resumableFor: Milliseconds = 3_600_000
    /// That a page's last customer is deleted before the next page is asked for happens, but not again and again.
    private static let restartsMax = 3
    private static let waitStep: Milliseconds = 250
    private static let waitsMax = CustomerStore.leaseDuration + 4_000

    var store: CustomerStore { service.store }

    package init(service: CustomerService, fixes: Bool) {
        self.service = service
        self.fixes = fixes
    }

    /// - Parameter progress: Told after each page.
    package func run(progress tell: @Sendable (JSONObject) -> Void) async throws(ServiceError) -> Report {
        try await service.sync.withLease(.duty("reconcile"), "a reconciliation") { () async throws(ServiceError) in
            // By the name the listed are judged.
            _ = try await stored(await store.refreshApp())
            var progress = try await resumed()
            var pages = customerPages(progress)
            while progress.walk != .done {
                switch progress.walk {
                case .customers: try await walkCustomers(&progress, &pages)
                case .users: try await walkUsers(&progress)
                case .orphans, .done: try await walkOrphans(&progress)
                }
                tell([
                    "walk": .string(progress.walk.rawValue), "customers": .number(JSONNumber(progress.customers)),
                    "users": .number(JSONNumber(progress.users)),
                ])
            }
            let report = try await report(progress)
            try await stored(await store.clearReconciliation())
            return report
        }
    }

    private func resumed() async throws(ServiceError) -> Progress {
        let now = service.clock.now()
        let saved = try await stored(await store.reconcileProgress())
        if let saved, let progress = try? JSONValue.object(saved).decoded() as Progress, progress.fixes == fixes,
            let age = StoredTime.age(of: progress.startedAt, at: now), age < Self.resumableFor, progress.makesSense
        {
            return progress
        }
        try await stored(await store.clearReconciliation())
        let end = try await stored(await store.auditTail()?.sequence)
        return Progress(fixes: fixes, startedAt: now, auditEnd: end ?? 0)
    }

    private func report(_ progress: Progress) async throws(ServiceError) -> Report {
        try await withStore { () async throws(StoreError) in
            let counts = try await store.findingCounts()
            let total = counts.byKind.reduce(0) { $0 + $1.count }
            return Report(
                users: progress.users, customers: progress.customers, keptEdits: progress.keptEdits, fix: fixes,
                fixed: counts.fixed,
                counts: JSONObject(counts.byKind.map { .init($0.kind, .number(JSONNumber($0.count))) }),
                findings: try await store.findings(limit: Self.findingsMax), truncated: total > Self.findingsMax)
        }
    }

    // MARK: The walks

    private func customerPages(_ progress: Progress) -> PageWalk {
        service.stripe.walk(
            "/v1/customers", from: progress.walk == .customers ? progress.last : nil, pagesMax: Self.pagesMax)
    }

    private func walkCustomers(_ progress: inout Progress, _ pages: inout PageWalk) async throws(ServiceError) {
        let fetchedAt = service.clock.now()
        let page: Page<Customer>
        do throws(StripeError) {
            page = try await service.stripe.listCustomers(limit: Self.pageSize, startingAfter: progress.last).value
        } catch {
            guard progress.last != nil, error.missing != nil else { throw ServiceError(error) }
            guard progress.restarts < Self.restartsMax else {
                // The next call begins anew too: the place that is on disk is the refused one.
                try await stored(await store.clearReconciliation())
                throw ServiceError(error)
            }
            // The customer at which the last page ended is gone; what is listed again counts once.
            progress.restarts += 1
            progress.last = nil
            progress.customers = 0
            pages = customerPages(progress)
            return
        }
        let links = try await stored(await store.links(to: page.data.map(\.id)))
        var found: [ReconcileFinding] = []
        for customer in page.data {
            guard var link = links[customer.id], !link.isBusy else { continue }
            var present = customer
            if link.syncedAt >= fetchedAt {
                // Synced while the page was on its way: what it says may be older than what is known here.
                guard let fresh = try await service.presentCustomer(customer.id), !fresh.isDeleted,
                    let again = try await self.link(to: customer.id)
                else { continue }
                (present, link) = (fresh, again)
            }
            found += compare(present, link, &progress)
        }
        let listed = try await judged(page.data)
        progress.customers += page.data.count
        let goesOn = try await atStripe { () async throws(StripeError) in try pages.goesOn(after: page) }
        progress.last = pages.place
        if !goesOn { progress.begin(.users) }
        try await record(listed, found, progress)
    }

    /// What is to be remembered of listed customers.
    private func judged(_ customers: [Customer]) async throws(ServiceError) -> [ListedCustomer] {
        let named = try await stored(await store.users(Set(customers.compactMap(\.owner))))
        return customers.map { customer in
            let user = customer.owner.flatMap { named[$0] }
            let claim: ListedCustomer.Claim =
                if customer.ownership(under: store.app) == .anothers {
                    .anothers
                } else if let user, customer.belongs(to: user.id, of: [user.email], under: store.app) {
                    .sure
                } else {
                    .open
                }
            return ListedCustomer(
                id: customer.id, owner: customer.owner, created: customer.created ?? 0,
                isArchived: customer.isArchived, claim: claim)
        }
    }

    private func walkUsers(_ progress: inout Progress) async throws(ServiceError) {
        let last = progress.last
        let page = try await stored(await store.userFacts(after: last, limit: Self.pageSize))
        var found: [ReconcileFinding] = []
        for facts in page {
            guard let facts = try await atRest(facts, &progress) else { continue }
            let findings = try await examine(facts, &progress)
            if !findings.isEmpty, try await isAsItWas(facts.user) { found += findings }
        }
        progress.users += page.count
        progress.last = page.last?.user.id
        if page.count < Self.pageSize { progress.begin(.orphans) }
        try await record([], found, progress)
    }

    /// What is so of a user on whom nobody is working: its turn is waited for, longer than a killed process's leases live,
    /// since until then its customer is missing, and soon may not be. All such waiting of a run has one limit; after it a
    /// user who still is at work counts as it is if it has no customer, else its comparison is left to the work.
    private func atRest(_ first: UserFacts, _ progress: inout Progress) async throws(ServiceError) -> UserFacts? {
        var facts = first
        while facts.isBusy, progress.waited < Self.waitsMax {
            await SystemClock().sleep(Self.waitStep)
            progress.waited += Self.waitStep
            let again = try await stored(await store.userFacts(of: first.user.id))
            guard let again else { return nil }
            facts = again
        }
        return facts.isBusy && facts.user.customerId != nil ? nil : facts
    }

    private func walkOrphans(_ progress: inout Progress) async throws(ServiceError) {
        let last = progress.last
        let page = try await stored(await store.orphans(after: last, limit: Self.pageSize))
        progress.last = page.last?.id
        if page.count < Self.pageSize { progress.begin(.done) }
        let open = try await stillOpen(page.map(\.id), progress)
        let orphans = page.filter { open.contains($0.id) }
        try await record([], orphans.map { .orphan($0.id, naming: $0.owner) }, progress)
    }

    /// Repairs what is to be repaired and puts the page on disk.
    private func record(
        _ customers: [ListedCustomer], _ found: [ReconcileFinding], _ progress: Progress
    ) async throws(ServiceError) {
        let found =
            fixes
            ? try await auditedPart(of: Reconcile.name) { () async throws(ServiceError) in try await repaired(found) }
            : found
        guard let state = (try? JSONValue(encoding: progress))?.object else { return }
        try await stored(
            await store.recordReconciled(
                customers, findings: found.map { ($0.kind.rawValue, $0.subject, $0.object) }, progress: state))
    }
}

extension Reconciliation.Progress {
    fileprivate mutating func begin(_ walk: Walk) {
        self.walk = walk
        last = nil
    }
}
