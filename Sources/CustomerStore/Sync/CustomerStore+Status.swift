package import Environment

/// The sync queue in figures.
package struct QueueStatus: Sendable {
    /// What waits for its turn: users and disposals.
    package var pending: Int
    package var parked: Int
    /// When the oldest waiting change was made.
    package var oldestAt: Milliseconds?
    /// Creates whose outcome is unknown.
    package var intents: Int

    package init(pending: Int, parked: Int, oldestAt: Milliseconds?, intents: Int) {
        self.pending = pending
        self.parked = parked
        self.oldestAt = oldestAt
        self.intents = intents
    }
}

/// What is queued for a user: a change or a disposal that waits for its turn, or is parked because it can't succeed until
/// something changes.
package struct QueueEntry: Sendable {
    package var userId: String
    package var customerId: String?
    package var errorType: String
    package var error: String
    package var since: Milliseconds
    package var attempts: Int
    package var isParked: Bool

    package init(
        userId: String, customerId: String?, errorType: String, error: String, since: Milliseconds, attempts: Int,
        isParked: Bool
    ) {
        self.userId = userId
        self.customerId = customerId
        self.errorType = errorType
        self.error = error
        self.since = since
        self.attempts = attempts
        self.isParked = isParked
    }
}

extension CustomerStore {
    package func queueStatus() async throws(StoreError) -> QueueStatus {
        try await read { rows throws(StoreError) in try rows.queueStatus() }
    }

    /// What is parked, or everything queued for one user.
    package func queuedChanges(of userId: String?, limit: Int) async throws(StoreError) -> [QueueEntry] {
        try await read { rows throws(StoreError) in try rows.queueEntries(of: userId, limit: limit) }
    }

    package func schemaVersion() async throws(StoreError) -> Int {
        try await read { rows throws(StoreError) in try rows.schemaVersion() }
    }
}
