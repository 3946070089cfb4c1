import CustomerStore
import Environment
import Interface
import JSON
import Stripe

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
            var request = run.request
            request.vouchedEmail = vouchedEmail(intent, run)
            let draft = draft(request)
            let claim = try await stored(await store.startNextGeneration(after: intent, at: clock.now(), draft: draft))
            guard let claim else { throw Self.leaseLost(intent.userId) }
            run.claim = claim
            return nil
        case .refused(let field, let error):
            try await record(field, refusedBy: error, &run)
            var next = IntentDraft(
                idempotencyKey: SyncKey.create.of(identifiers.next()), fields: intent.fields,
                vouchedEmail: vouchedEmail(intent, run))
            next.fields = ProfileFields.without([field], intent.fields)
            let claim = try await withStore { [next] () async throws(StoreError) in
                try await store.startNextGeneration(after: intent, at: clock.now()) { _ in next }
            }
            guard let claim else { throw Self.leaseLost(intent.userId) }
            run.claim = claim
            return nil
        }
    }

    private func settlement(of intent: CreateIntent, _ run: SyncRun) async throws(ServiceError) -> Settlement {
        if intent.disposal != nil { return try await settlement(ofUnwanted: intent, run) }
        let user = run.claim.user
        // A stale key is a new one to Stripe: only a look-up can tell whether the customer was made.
        let isStale = intent.isRecovered && !isKeyKept(since: intent.createdAt)
        let sought = sought(intent, user, isSent: intent.isRecovered, isKeyDead: isStale)
        if let found = try await found(sought, intent, run) { return found }
        if let user, user.customerId == nil, let adopted = try await adoptByEmail(intent, user, run) {
            return .customer(
                adopted, made: false, profile: ProfileFields.adopted(adopted.object, for: user, app: store.app))
        }
        // Where nobody knows how old the key is, it replays what may still be on its way.
        if isStale, isKeyAgeKnown(of: intent) { return .nextGeneration(reason: "stale_key") }
        return try await create(intent, run)
    }

    private func sought(
        _ intent: CreateIntent, _ user: User?, isSent: Bool, isKeyDead: Bool
    ) -> SoughtCustomer {
        let sent = intent.fields["email"]?.string
        // With a time that is not believed it may have been sent at any time.
        let created = isKeyAgeKnown(of: intent) ? intent.createdAt : 0
        return SoughtCustomer(
            userId: intent.userId, addresses: user.map { [sent, $0.email] } ?? [sent],
            app: store.app,
            sentSince: isSent ? created : nil, idempotencyKey: intent.idempotencyKey, isKeyDead: isKeyDead)
    }

    /// The customer that an earlier attempt made, or that this user had in a time of which this database knows nothing.
    private func found(
        _ sought: SoughtCustomer, _ intent: CreateIntent, _ run: SyncRun
    ) async throws(ServiceError) -> Settlement? {
        guard let (customer, proof) = try await lookup.customer(sought, run.request.patience) else { return nil }
        let made = proof == .create
        let profile = run.claim.user.map {
            ProfileFields.adopted(customer.object, for: $0, app: store.app, sent: made ? intent.fields : [:])
        }
        return .customer(customer, made: made, profile: profile ?? [:])
    }

    // MARK: One that nobody wants

    /// A create that was cut off may arrive so much later.
    private static let lateness: Milliseconds = 10_000

    /// What came of it is found, to be disposed of. Nothing is sent: it would be the data of somebody who was deleted or
    /// erased. A create that was cut off may be on its way still, so only a second look says that nothing came of it.
    private func settlement(
        ofUnwanted intent: CreateIntent, _ run: SyncRun
    ) async throws(ServiceError) -> Settlement {
        let sought = sought(intent, nil, isSent: true, isKeyDead: true)
        if let (customer, proof) = try await lookup.customer(sought, run.request.patience), proof == .create {
            return .customer(customer, made: true, profile: [:])
        }
        let now = clock.now()
        let missedAt = try await stored(await store.missIntent(intent, at: now))
        // A time that lies ahead is no reason to wait for it.
        guard (now.subtractingSaturated(Self.lateness)...now).contains(missedAt) else {
            return .nextGeneration(reason: "unwanted")
        }
        throw ServiceError(
            .idempotencyConflict, "A create of a former user of this id may be under way still; it is looked for again",
            retryable: true, details: ["userId": .string(intent.userId)])
    }

    // MARK: Creating

    private func create(_ intent: CreateIntent, _ run: SyncRun) async throws(ServiceError) -> Settlement {
        let reply: StripeReply<Customer>
        do throws(StripeError) {
            // What was looked up a day ago says nothing: with a key that Stripe has forgotten there would be a second one.
            reply = try await fenced(while: keyFence(intent)) { () async throws(StripeError) in
                try await stripe.createCustomer(
                    intent.fields, idempotencyKey: intent.idempotencyKey, patience: run.request.patience)
            }
        } catch {
            return try await settlement(of: intent, after: error, run)
        }
        // A create names no id that the answer could be held against, but what came of it names the user.
        guard reply.value.isDeleted || reply.value.names(intent.userId) else {
            throw ServiceError(
                StripeError(.unavailable, outcomeUnknown: true, detail: "Stripe's answer is about another customer"),
                userId: intent.userId)
        }
        // "A replayed create can describe a since-deleted customer": the saved answer is not the state of today. Nor is a
        // first answer believed that tells of a deleted one. A look that fails says nothing about the create, which was
        // carried out.
        let isToBeConfirmed = reply.isReplay || intent.isRecovered || reply.value.isDeleted
        guard let customer = isToBeConfirmed ? try await livingCustomer(reply.value.id, run) : reply.value else {
            return .nextGeneration(reason: "dead_customer")
        }
        return .customer(customer, made: true, profile: ProfileFields.profile(sentAs: intent.fields))
    }

    /// Whether Stripe still keeps the intent's key when it is asked. One whose age is not known has just been looked up.
    private func keyFence(_ intent: CreateIntent) -> @Sendable () -> Bool {
        let age = StoredTime.age(of: intent.createdAt, at: clock.now()) ?? 0
        let (clock, start) = (clock, clock.steady())
        return { clock.steady().subtractingSaturated(start).addingSaturated(age) < Self.keyLifetime }
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
            try await withStore { () async throws(StoreError) in
                if isFinal { return try await store.failIntent(intent, at: clock.now()) }
                // Nothing was made, but the refusal may be saved under the key.
                try await store.renewKey(of: intent, to: SyncKey.create.of(identifiers.next()))
            }
            throw refusal
        case .idempotencyMismatch:
            let sought = sought(intent, run.claim.user, isSent: true, isKeyDead: true)
            return try await found(sought, intent, run) ?? .nextGeneration(reason: "idempotency_mismatch")
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
        try await stored(await store.recordServerFailure(intent))
        let sought = sought(intent, run.claim.user, isSent: true, isKeyDead: false)
        if let found = try await found(sought, intent, run) { return found }
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
        let outcome = try await stored(
            await store.link(
                customer.id, to: userId, settling: intent, created: made, profile: profile,
                edits: ProfileFields.edits(of: customer.object, from: profile), completing: change,
                isComplete: isComplete, at: clock.now()))
        switch outcome {
        case .lost: throw Self.leaseLost(run.userId)
        case .disposed:
            // Not the user's: whoever is there has none yet, or another one.
            run.claim = try await claim(run.userId, run.request)
            return nil
        case .settled, .linked: break
        }
        run.customer = customer
        run.isNewCustomer = made
        if run.outcome == .unchanged { run.outcome = made ? .created : .relinked }
        run.changed = made ? ["email", "name", "phone", "metadata"].filter { !(profile[$0]?.isNull ?? true) } : []
        if case .linked(let claim) = outcome {
            run.claim = claim
            return nil
        }
        return run.result(customer.id)
    }
}
