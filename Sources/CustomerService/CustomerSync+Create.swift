internal import CustomerStore
internal import Environment
internal import JSON
internal import Stripe

/// Settling a create: from an intent on disk to a linked customer, or to the next generation.
extension CustomerSync {
    private enum Settlement: Sendable {
        /// - `made`: it came of this intent, not of an earlier life of the user.
        case customer(Customer, made: Bool, profile: JSONObject)
        /// Nothing came of it and nothing will: a new key is needed.
        case nextGeneration(reason: String)
        /// Stripe refuses this field of the user's, and nothing was made: the rest may go under a new key.
        case refused(ProfileField, ServiceError)
    }

    /// One generation after another may turn out to be spent; past this many the sync waits for a later attempt.
    private static let generationsMax = 3

    func settle(_ intent: CreateIntent, _ run: inout SyncRun) async throws(ServiceError) -> SyncResult? {
        switch try await settlement(of: intent, run) {
        case .customer(let customer, let made, let profile):
            return try await link(customer, made: made, profile: profile, intent, &run)
        case .nextGeneration(let reason):
            log(.warning, "sync.next_generation", ["userId": .string(intent.userId), "reason": .string(reason)])
            run.generationsBegun += 1
            guard run.generationsBegun < Self.generationsMax else {
                throw ServiceError(
                    .stripeUnavailable, "Stripe did not make the customer; it is tried again later", retryable: true,
                    details: ["userId": .string(intent.userId)])
            }
            let draft = draft(run.request)
            let claim = try await stored { () async throws(StoreError) in
                try await store.startNextGeneration(after: intent, at: clock.now(), draft: draft)
            }
            guard let claim else { throw Self.leaseLost(intent.userId) }
            run.claim = claim
            return nil
        case .refused(let field, let error):
            try await record(field, refusedBy: error, &run)
            var next = IntentDraft(
                idempotencyKey: SyncKey.create.of(identifiers.next()), fields: intent.fields,
                isEmailVerified: intent.isEmailVerified)
            next.fields = ProfileFields.without([field], intent.fields)
            let claim = try await stored { [next] () async throws(StoreError) in
                try await store.startNextGeneration(after: intent, at: clock.now()) { _ in next }
            }
            guard let claim else { throw Self.leaseLost(intent.userId) }
            run.claim = claim
            return nil
        }
    }

    private func settlement(of intent: CreateIntent, _ run: SyncRun) async throws(ServiceError) -> Settlement {
        let user = run.claim.user
        // A stale key is a new one to Stripe: only a look-up can tell whether the customer was made.
        let isStale = intent.isRecovered && !isKeyKept(since: intent.createdAt)
        let mayBeSent = intent.isRecovered
        do throws(ServiceError) {
            if let found = try await ownCustomer(of: intent, run, thorough: isStale, mayBeSent: mayBeSent) {
                return settled(found, made: intent.isRecovered, intent, user)
            }
        } catch {
            // A user's first intent, never sent, has nothing to find unless this database forgot an earlier life. A
            // stand-in for Stripe that knows no list by email refuses for good: no reason to be without a customer.
            guard error.kind == .stripeRequestRejected, intent.generation == 1, !intent.isRecovered else { throw error }
        }
        if intent.isEmailVerified, let user, user.customerId == nil,
            let adopted = try await adoptByEmail(intent, user, run)
        {
            return settled(adopted, made: false, intent, user)
        }
        // Where nobody knows how old the key is, it replays what may still be on its way.
        if isStale, isKeyAgeKnown(of: intent) { return .nextGeneration(reason: "stale_key") }
        return try await create(intent, run)
    }

    private func settled(_ customer: Customer, made: Bool, _ intent: CreateIntent, _ user: User?) -> Settlement {
        let sent = made ? intent.fields : [:]
        let profile = user.map { ProfileFields.adopted(customer.object, for: $0, app: store.app, sent: sent) } ?? [:]
        return .customer(customer, made: made, profile: profile)
    }

    /// The customer that an earlier attempt made, or that this user had in an earlier life.
    private func ownCustomer(
        of intent: CreateIntent, _ run: SyncRun, thorough: Bool, mayBeSent: Bool
    ) async throws(ServiceError) -> Customer? {
        var emails = [intent.fields["email"]?.string, run.claim.user?.email].compactMap(\.self)
        if emails.count == 2, sameCodePoints(emails[0], emails[1]) { emails.removeLast() }
        // With a time that is not believed it may have been sent at any time.
        let created = isKeyAgeKnown(of: intent) ? intent.createdAt : 0
        return try await lookup.customer(
            ownedBy: intent.userId, emails: emails, thorough: thorough, sent: mayBeSent ? intent : nil,
            sentSince: mayBeSent ? created : nil,
            patience: run.request.patience)
    }

    /// A customer of the address that the host vouches for, if nobody owns it. An address that is only claimed never
    /// leads to a customer: that would hand one user's cards and invoices to another.
    private func adoptByEmail(
        _ intent: CreateIntent, _ user: User, _ run: SyncRun
    ) async throws(ServiceError) -> Customer? {
        guard let email = intent.fields["email"]?.string, let current = user.email, sameCodePoints(email, current)
        else {
            return nil
        }
        let candidates = try await lookup.unowned(email: email, for: user.id, patience: run.request.patience)
        guard candidates.count > 1 else { return candidates.first }
        if !intent.isRecovered {
            // It was never sent, and must not be by a later attempt.
            try await stored { () async throws(StoreError) in try await store.failIntent(intent, at: clock.now()) }
        }
        throw ServiceError(
            .ambiguousCustomer, "Several customers have the user's email; link the right one with linkCustomer",
            details: ["userId": .string(user.id), "candidates": .array(candidates.map { .string($0.id) })])
    }

    private func create(_ intent: CreateIntent, _ run: SyncRun) async throws(ServiceError) -> Settlement {
        do throws(StripeError) {
            // What was looked up a day ago says nothing: with a key that Stripe has forgotten there would be a second one.
            let reply = try await fenced(while: keyFence(intent)) { () async throws(StripeError) in
                try await stripe.createCustomer(
                    intent.fields, idempotencyKey: intent.idempotencyKey, patience: run.request.patience)
            }
            guard !reply.value.isDeleted else { return .nextGeneration(reason: "dead_customer") }
            // A create names no id that the answer could be held against, but what came of it names the user.
            guard let owner = reply.value.owner, sameCodePoints(owner, intent.userId) else {
                throw StripeError(
                    .unavailable, outcomeUnknown: true, detail: "Stripe's answer is about another customer")
            }
            if reply.isReplay || intent.isRecovered {
                // "A replayed create can describe a since-deleted customer": the saved answer is not the state of today.
                guard try await isAlive(reply.value.id, run) else { return .nextGeneration(reason: "dead_customer") }
            }
            return .customer(reply.value, made: true, profile: ProfileFields.profile(sentAs: intent.fields))
        } catch {
            return try await settlement(of: intent, after: error, run)
        }
    }

    /// Whether Stripe still keeps the intent's key when it is asked. One whose age is not known has just been looked up.
    private func keyFence(_ intent: CreateIntent) -> @Sendable () -> Bool {
        let age = StoredTime.age(of: intent.createdAt, at: clock.now()) ?? 0
        let (clock, start) = (clock, clock.steady())
        return { clock.steady().subtractingSaturated(start).addingSaturated(age) < Self.keyLifetime }
    }

    private func isAlive(_ customerId: String, _ run: SyncRun) async throws(StripeError) -> Bool {
        do throws(StripeError) {
            return try await !stripe.retrieveCustomer(customerId, patience: run.request.patience).value.isDeleted
        } catch {
            if error.kind == .notFound { return false }
            throw error
        }
    }

    private func settlement(
        of intent: CreateIntent, after error: StripeError, _ run: SyncRun
    ) async throws(ServiceError) -> Settlement {
        let failure = ServiceError(error, userId: intent.userId)
        switch error.kind {
        case .rejected, .notFound:
            // The user may have changed what was rejected, or need it no longer; else nothing helps until it does.
            guard let user = run.claim.user, user.customerId == nil, !isOutdated(intent, user, run) else {
                return .nextGeneration(reason: "rejected")
            }
            if case .user(let field) = failure.awaited, ProfileFields.canLeaveOut(field, of: intent.fields) {
                return .refused(field, failure)
            }
            var refusal = failure
            // What is refused of a call's own fields is the call's business: it hears of it, and they are not sent again.
            if Self.isExtra(error.param, of: intent) { refusal.awaited = nil }
            let isFinal = refusal.isFinal
            try await stored { () async throws(StoreError) in
                if isFinal { return try await store.failIntent(intent, at: clock.now()) }
                // Nothing was made, but the refusal may be saved under the key.
                try await store.renewKey(of: intent, to: SyncKey.create.of(identifiers.next()))
            }
            throw refusal
        case .idempotencyMismatch:
            if let found = try await ownCustomer(of: intent, run, thorough: true, mayBeSent: true) {
                return settled(found, made: true, intent, run.claim.user)
            }
            return .nextGeneration(reason: "idempotency_mismatch")
        case .unavailable where error.isStripeAnswer:
            return try await settlement(of: intent, afterServerError: error, run)
        case .unavailable, .rateLimited, .authentication, .permission, .keyInUse:
            throw failure
        }
    }

    /// Stripe saves "the resulting status code and body of the first request made for any given idempotency key,
    /// regardless of whether it succeeds or fails … including 500 errors"
    /// (https://docs.stripe.com/api/idempotent_requests): the same key would fail for a day. Whether the customer was
    /// made all the same, the list says; it is up to date at once.
    private func settlement(
        of intent: CreateIntent, afterServerError error: StripeError, _ run: SyncRun
    ) async throws(ServiceError) -> Settlement {
        try await stored { () async throws(StoreError) in try await store.recordServerFailure(intent) }
        if let found = try await ownCustomer(of: intent, run, thorough: false, mayBeSent: true) {
            return settled(found, made: true, intent, run.claim.user)
        }
        // Without the mark of a replay, only the same answer from the endpoint itself again shows that it is saved; a
        // 502 to 504 may come from before it, while it still works.
        let isRepeated = error.status == 500 && (error.attempts > 1 || intent.serverFailures > 0)
        if error.isReplay || isRepeated { return .nextGeneration(reason: "saved_failure") }
        throw ServiceError(error, userId: intent.userId)
    }

    private static func isExtra(_ param: String?, of intent: CreateIntent) -> Bool {
        guard let param, ProfileField(param: param) == nil else { return false }
        return intent.fields[String(param.prefix { $0 != "[" })] != nil
    }

    /// The user has something to be sent that the intent has not.
    private func isOutdated(_ intent: CreateIntent, _ user: User, _ run: SyncRun) -> Bool {
        let synced = ProfileFields.profile(sentAs: intent.fields)
        let unsent = ProfileFields.difference(from: synced, to: ProfileFields.profile(of: user, app: store.app))
        return !ProfileFields.without(withheld(run.claim), unsent).isEmpty
    }

    // MARK: Linking

    private func link(
        _ customer: Customer, made: Bool, profile: JSONObject, _ intent: CreateIntent, _ run: inout SyncRun
    ) async throws(ServiceError) -> SyncResult? {
        // Done with this change only if nothing but what was sent is wanted.
        let withheld = withheld(run.claim)
        let isComplete =
            run.claim.user.map {
                let unsent = ProfileFields.difference(from: profile, to: ProfileFields.profile(of: $0, app: store.app))
                return ProfileFields.without(withheld, unsent).isEmpty
            } ?? false
        let (userId, change) = (run.userId, isComplete ? run.claim.change?.id : nil)
        let outcome = try await stored { () async throws(StoreError) in
            try await store.link(
                customer.id, to: userId, settling: intent, created: made, profile: profile,
                edits: ProfileFields.edits(of: customer.object, from: profile), completing: change,
                isComplete: isComplete, at: clock.now())
        }
        run.customer = customer
        run.isNewCustomer = made
        if run.outcome == .unchanged { run.outcome = made ? .created : .relinked }
        run.changed = made ? ["email", "name", "phone", "metadata"].filter { !(profile[$0]?.isNull ?? true) } : []
        switch outcome {
        case .settled: return run.result(customer.id)
        case .linked(let claim): run.claim = claim
        case .lost: throw Self.leaseLost(run.userId)
        case .disposed: run.claim = try await claim(run.userId, run.request)
        }
        return nil
    }
}
