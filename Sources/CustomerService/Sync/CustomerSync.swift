import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Brings one user and its customer in step, whatever state an earlier attempt left behind.
///
/// One sync is a loop over what the database says (`SyncClaim`): settle the create that is pending, make a customer where
/// there is none, send what differs. Each foreign call stands between two transactions, so a kill anywhere leaves a state
/// from which the next sync goes on. Within the process one sync a user runs at a time, across processes a lease sees to
/// it.
package struct CustomerSync: Sendable {
    let store: CustomerStore
    let stripe: StripeClient
    let clock: any WallClock
    let identifiers: any Identifiers
    let log: Log
    let locks = KeyedLocks()
    let lookup: CustomerLookup
    let notice = OperatorNotice()

    /// "Keys can be removed from the system automatically after they're at least 24 hours old"
    /// (https://docs.stripe.com/api/idempotent_requests); an hour is kept for clocks that differ.
    static let keyLifetime: Milliseconds = 23 * 3_600_000
    /// Whether Stripe still has a key that was made then; not when that time is not believed.
    func isKeyKept(since created: Milliseconds) -> Bool {
        StoredTime.age(of: created, at: clock.now()).map { $0 < Self.keyLifetime } ?? false
    }

    func isKeyAgeKnown(of intent: CreateIntent) -> Bool {
        StoredTime.isBelieved(intent.createdAt, at: clock.now())
    }

    /// Each round does one thing; more than this within one call means that something else keeps changing the user.
    private static let roundsMax = 8

    init(
        store: CustomerStore, stripe: StripeClient, clock: any WallClock, identifiers: any Identifiers, log: Log
    ) {
        self.store = store
        self.stripe = stripe
        self.clock = clock
        self.identifiers = identifiers
        self.log = log
        lookup = CustomerLookup(store: store, stripe: stripe, log: log)
    }

    /// - Parameter claimed: The claim, when the transaction that changed the user took it already.
    /// - Throws: `ServiceError`; the user is then back in the queue, for later or parked.
    func bringInLine(
        _ userId: String, _ request: SyncRequest = SyncRequest(), claimed: SyncClaim? = nil
    ) async throws(ServiceError) -> SyncResult {
        try await locked(.user(userId)) { waited async throws(ServiceError) in
            if request.retriesRefused {
                try await stored(await store.forgetRefusals(of: userId))
            }
            // Whoever was waited for has given the lease back and changed what the claim says.
            var claim: SyncClaim?
            if let claimed, !waited, await isCurrent(claimed, of: userId) { claim = claimed }
            if claim == nil { claim = try await self.claim(userId, request) }
            guard let claim else { throw Self.leaseLost(userId) }
            tellUnsentMetadata(of: claim.user)
            var run = SyncRun(userId: userId, request: request, claim: claim)
            do throws(ServiceError) {
                var result = try await carryOut(&run)
                result.refused = await settleRefusals(run)
                return result
            } catch {
                // A user that is gone has nothing to be put back, and its lease was released.
                if error.kind != .userNotFound { await postpone(run, error) }
                throw error
            }
        }
    }

    private func carryOut(_ run: inout SyncRun) async throws(ServiceError) -> SyncResult {
        // A round that ends with a field refused has left one field less to be sent.
        var rounds = 0
        while rounds < Self.roundsMax + run.refusals {
            if let result = try await advance(&run) { return result }
            rounds += 1
        }
        throw ServiceError(
            .stripeUnavailable, "The user's customer keeps changing; it is tried again later", retryable: true,
            details: ["userId": .string(run.userId)])
    }

    /// One round: does what the claim calls for, and answers when nothing is left.
    private func advance(_ run: inout SyncRun) async throws(ServiceError) -> SyncResult? {
        if let intent = run.claim.intent { return try await settle(intent, &run) }
        guard let user = run.claim.user else {
            try await stored(await store.forget(run.userId))
            throw ServiceError.userNotFound(run.userId)
        }
        if let column = user.unfitColumns.first { throw Self.unfit(column, user.id) }
        guard let customerId = user.customerId else {
            run.claim = try await claim(run.userId, run.request)
            return nil
        }
        return try await update(customerId, of: user, &run)
    }

    // MARK: Claiming

    /// Waits for other processes to be done with the user.
    func claim(_ userId: String, _ request: SyncRequest) async throws(ServiceError) -> SyncClaim {
        let draft = draft(request)
        return try await leased("the user") { () async throws(StoreError) in
            try await store.claim(userId, at: clock.now(), draft: draft)
        }
    }

    /// Another program wrote into the user's metadata what is not the user's to say (`ProfileFields.profile`), or what is no
    /// text by name.
    private func tellUnsentMetadata(of user: User?) {
        guard let user else { return }
        let reserved = user.metadata.members.count { CustomerMark.isReserved($0.name) }
        for (event, count) in [("metadata.reserved", reserved), ("metadata.unread", user.unreadMetadata)]
        where count > 0 {
            log(.warning, event, ["userId": .string(user.id), "count": .number(JSONNumber(count))])
        }
    }

    private func isCurrent(_ claim: SyncClaim, of userId: String) async -> Bool {
        do throws(StoreError) { return try await store.isCurrent(claim, of: userId) } catch { return false }
    }

    func draft(_ request: SyncRequest) -> @Sendable (User) -> IntentDraft? {
        let (identifiers, app) = (identifiers, store.app)
        return { user in
            guard user.unfitColumns.isEmpty else { return nil }
            var fields = ProfileFields.createFields(for: user, app: app)
            for member in request.extraFields.members where fields[member.name] == nil {
                fields[member.name] = member.value
            }
            return IntentDraft(
                idempotencyKey: SyncKey.create.of(identifiers.next()), fields: fields,
                vouchedEmail: request.vouchedEmail)
        }
    }

    /// As if Stripe had refused the field, which it is spared: the user waits until the row changes.
    private static func unfit(_ column: String, _ userId: String) -> ServiceError {
        let field = column == "stripe_metadata" ? "metadata" : column
        var error = ServiceError(
            .stripeRequestRejected,
            "The column \(column) of the users table holds bytes that are no text, or a text that is not UTF-8 or has a "
                + "U+0000: Stripe is told nothing of this user until the row is corrected",
            details: ["userId": .string(userId), "stripe": ["param": .string(field)]])
        error.awaited = ProfileField(param: field).map { .user($0) }
        return error
    }

    /// Back into the queue: for later what may still succeed, parked what can't until the user changes.
    private func postpone(_ run: SyncRun, _ error: ServiceError) async {
        let attempts = (run.claim.change?.attempts ?? 0).addingSaturated(1)
        let delay = Backoff.delay(afterAttempts: attempts, fraction: identifiers.fraction())
        let notBefore = error.isFinal ? nil : clock.now() + delay
        do throws(StoreError) {
            try await store.postpone(
                run.userId, change: run.claim.change?.id, notBefore: notBefore,
                forOperator: error.awaited == .operator, errorType: error.kind.rawValue, error: error.message)
        } catch {
            // The lease expires by itself and the change is still in the queue.
            log(
                .error, "sync.postpone_failed", ["userId": .string(run.userId), "error": .string(error.description)])
        }
        notice.raise(error, log)
        log(
            error.isFinal ? .warning : .info, error.isFinal ? "sync.parked" : "sync.postponed",
            error.logFields(about: run.userId))
    }
}

extension ServiceError {
    /// The kind, and in words what is wrong.
    var logFields: JSONObject { ["error": .string(kind.rawValue), "reason": .string(message)] }

    func logFields(about userId: String) -> JSONObject {
        var fields: JSONObject = ["userId": .string(userId)]
        for member in logFields.members { fields[member.name] = member.value }
        return fields
    }

    static func userNotFound(_ userId: String) -> ServiceError {
        ServiceError(.userNotFound, "No such user", details: ["userId": .string(userId)])
    }

    /// Trying again without a change of the user or its link can't help. A customer that is not found is one of Stripe's other
    /// mode: for any other a sync makes a new one.
    var isFinal: Bool {
        switch awaited {
        case .user, .link: true
        case .operator, .time: false
        case nil:
            [
                .ambiguousCustomer, .customerAlreadyExists, .customerNotFound, .invalidParams,
                .stripeRequestRejected,
            ].contains(kind)
        }
    }
}
