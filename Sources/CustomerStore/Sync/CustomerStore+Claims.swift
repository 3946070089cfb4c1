package import Environment

/// Claims: the lease on a user together with all that is known of it, in one transaction.
extension CustomerStore {
    /// Takes the lease on a user and reads what a sync needs.
    ///
    /// - Parameter draft: Asked when the user has neither customer nor pending intent; what it answers is on disk as the
    ///   user's next generation when this returns.
    /// - Returns: `nil` while another process has the lease.
    package func claim(
        _ userId: String, at now: Milliseconds, draft: @escaping @Sendable (User) -> IntentDraft?
    ) async throws(StoreError) -> SyncClaim? {
        let owner = owner
        return try await write(locking: [.user(userId)]) { rows throws(StoreError) in
            guard try rows.take(.user(userId), owner: owner) else { return nil }
            return try Self.claim(userId, at: now, draft: draft, rows)
        }
    }

    /// Settles the pending intent without a customer and begins the next generation, in one transaction.
    package func startNextGeneration(
        after intent: CreateIntent, at now: Milliseconds, draft: @escaping @Sendable (User) -> IntentDraft?
    ) async throws(StoreError) -> SyncClaim? {
        let owner = owner
        return try await write(locking: [.user(intent.userId)]) { rows throws(StoreError) in
            guard try rows.holds(.user(intent.userId), owner: owner) else { return nil }
            try rows.settle(intent, as: .abandoned, customerId: nil, at: now)
            return try Self.claim(intent.userId, at: now, draft: draft, rows)
        }
    }

    /// Whether a claim that was taken a moment ago still stands: nobody has worked on the user or changed it since.
    package func isCurrent(_ claim: SyncClaim, of userId: String) async throws(StoreError) -> Bool {
        let owner = owner
        return try await read { rows throws(StoreError) in
            guard try rows.holds(.user(userId), owner: owner) else { return false }
            let now = try rows.situation(of: userId)
            return now.change?.id == claim.change?.id && now.user?.customerId == claim.user?.customerId
                && now.intent?.idempotencyKey == claim.intent?.idempotencyKey
        }
    }

    /// What is known of a user whose lease this process has, and the create that is due to it.
    static func claim(
        _ userId: String, at now: Milliseconds, draft: (User) -> IntentDraft?, _ rows: any StoreTransaction
    ) throws(StoreError) -> SyncClaim {
        var facts = try rows.situation(of: userId)
        // One that a former holder of the id left behind is settled first.
        if let user = facts.user, user.customerId == nil, facts.intent == nil, let draft = draft(user) {
            let generation = try rows.insertIntent(draft, of: userId, at: now)
            facts.intent = CreateIntent(draft, of: userId, generation: generation, at: now)
            // So that the worker finds it should this process be killed.
            if facts.change == nil {
                let change = QueuedChange(id: freshID(), attempts: 0)
                try rows.enqueue(userId, change: change.id, at: now)
                facts.change = change
            }
        }
        return SyncClaim(facts)
    }
}

extension CreateIntent {
    fileprivate init(_ draft: IntentDraft, of userId: String, generation: Int, at now: Milliseconds) {
        self.init(
            userId: userId, generation: generation, idempotencyKey: draft.idempotencyKey, fields: draft.fields,
            createdAt: now, serverFailures: 0, disposal: nil, vouchedEmail: draft.vouchedEmail, missedAt: nil,
            isRecovered: false)
    }
}
