package import Environment

/// The sync queue (an outbox that triggers on the users table fill).
extension CustomerStore {
    /// Users whose change is due and on whom nobody is working.
    /// - Parameter latest: A time to wait for that lies further ahead is not believed (`StoredTime`): such a change is due.
    package func dueUsers(
        at now: Milliseconds, latest: Milliseconds, limit: Int
    ) async throws(StoreError) -> [String] {
        let owner = owner
        return try await read { rows throws(StoreError) in
            try rows.dueUsers(at: now, latest: latest, limit: limit, owner: owner)
        }
    }

    /// When the first waiting entry comes due; `nil` when nothing waits.
    package func nextDue() async throws(StoreError) -> Milliseconds? {
        try await read { rows throws(StoreError) in try rows.nextDue() }
    }

    /// Puts the user back for a later attempt, or parks it when nothing but a change of the user can help. Gives the
    /// lease back. A user that changed meanwhile stays due.
    /// - Parameters:
    ///   - notBefore: `nil` parks.
    ///   - forOperator: Only the operator can mend it.
    package func postpone(
        _ userId: String, change: String?, notBefore: Milliseconds?, forOperator: Bool = false, errorType: String,
        error: String
    ) async throws(StoreError) {
        let owner = owner
        let postponement = Postponement(
            notBefore: notBefore, forOperator: forOperator, errorType: errorType, error: error)
        try await writeRecorded(locking: [.user(userId)]) { rows, audit throws(StoreError) in
            // Each attempt that fails would be noise; that none will follow is news.
            if notBefore == nil { try audit.record("sync.parked", userId: userId, outcome: errorType) }
            if let change { try rows.postpone(change, of: userId, postponement) }
            try rows.release(.user(userId), owner: owner)
        }
    }

    /// Gives the queued change a new id, and with it a new idempotency key: the old key's saved answer is of no use.
    /// - Returns: `nil` when the user has changed again meanwhile: that change has an id of its own.
    package func renewChange(_ change: String, of userId: String) async throws(StoreError) -> String? {
        let renewed = Self.freshID()
        return try await write { rows throws(StoreError) in
            try rows.setChange(of: userId, from: change, to: renewed) ? renewed : nil
        }
    }

    /// The user is gone and nothing of it is left to be settled: takes it out of the queue and gives the lease back.
    package func forget(_ userId: String) async throws(StoreError) {
        let owner = owner
        try await write(locking: [.user(userId)]) { rows throws(StoreError) in
            let facts = try rows.situation(of: userId)
            if facts.user == nil, facts.intent == nil, let change = facts.change {
                try rows.complete(change.id, of: userId)
            }
            try rows.release(.user(userId), owner: owner)
        }
    }

    /// Puts a user into the queue when it is not there, and wakes it when it is.
    package func enqueue(_ userId: String, at now: Milliseconds) async throws(StoreError) {
        try await write(locking: [.user(userId)]) { rows throws(StoreError) in
            try Self.enqueue(userId, at: now, rows)
        }
    }

    static func enqueue(_ userId: String, at now: Milliseconds, _ rows: any StoreTransaction) throws(StoreError) {
        try rows.enqueue(userId, change: freshID(), at: now)
        try rows.wake(userId)
    }
}
