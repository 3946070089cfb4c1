package import Environment
import SQLite

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
        return try await write { connection throws(StoreError) in
            guard try Self.take(.user(userId), owner, &connection) else { return nil }
            return try Self.situation(userId, at: now, draft: draft, &connection)
        }
    }

    /// Settles the pending intent without a customer and begins the next generation, in one transaction.
    package func startNextGeneration(
        after intent: CreateIntent, at now: Milliseconds, draft: @escaping @Sendable (User) -> IntentDraft?
    ) async throws(StoreError) -> SyncClaim? {
        let owner = owner
        return try await write { connection throws(StoreError) in
            guard try Self.holds(.user(intent.userId), owner, &connection) else { return nil }
            try Self.settle(intent, as: "abandoned", customerId: nil, at: now, &connection)
            return try Self.situation(intent.userId, at: now, draft: draft, &connection)
        }
    }

    /// Whether a claim that was taken a moment ago still stands: nobody has worked on the user or changed it since.
    package func isCurrent(_ claim: SyncClaim, of userId: String) async throws(StoreError) -> Bool {
        let owner = owner
        return try await read { connection throws(StoreError) in
            guard try Self.holds(.user(userId), owner, &connection) else { return false }
            let change = try connection.row("SELECT change_id FROM sync_queue WHERE user_id = ?", [.text(userId)])
            let user = try Self.user(userId, &connection)
            let intent = try Self.pendingIntent(of: userId, &connection)
            return change?.text(0) == claim.change?.id && user?.customerId == claim.user?.customerId
                && intent?.idempotencyKey == claim.intent?.idempotencyKey
        }
    }

    static func situation(
        _ userId: String, at now: Milliseconds, draft: (User) -> IntentDraft?, _ connection: inout Connection
    ) throws(StoreError) -> SyncClaim {
        let user = try user(userId, &connection)
        var intent = try pendingIntent(of: userId, &connection)
        if let user, user.customerId == nil {
            // One that a former holder of the id left behind is settled first.
            if intent == nil, let draft = draft(user) {
                intent = try insertIntent(draft, userId: userId, at: now, &connection)
                // So that the worker finds it should this process be killed.
                try enqueueUnlessQueued(userId, at: now, &connection)
            }
        }
        let change = try connection.row("SELECT change_id, attempts FROM sync_queue WHERE user_id = ?", [.text(userId)])
        let synced = try synced(userId, user?.customerId, &connection)
        let archived = try connection.row(
            "SELECT 1 FROM archived_customers WHERE customer_id IS ?", [SQLiteValue(user?.customerId)])
        return SyncClaim(
            user: user, synced: synced?.profile, intent: intent,
            change: change.map { QueuedChange(id: $0.text(0) ?? "", attempts: Int($0.integer(1) ?? 0)) },
            isArchived: archived != nil, refused: try refusedFields(of: userId, &connection))
    }
}
