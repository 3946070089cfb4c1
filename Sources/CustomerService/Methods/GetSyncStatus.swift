internal import CustomerStore
internal import Environment

/// What the sync queue holds: depth, age, and what can't be carried out until somebody acts.
enum GetSyncStatus: ServiceMethod {
    static let name = "getSyncStatus"

    struct Params: Decodable, Sendable { var userId: String? }

    struct Answer: Encodable, Sendable {
        struct Parked: Encodable, Sendable {
            var userId: String
            var reason: String
            var since: String
            var attempts: Int
            var customerId: String?
        }

        struct UserState: Encodable, Sendable {
            var userId: String
            var state: String
            var customerId: String?
            var reason: String?
            var attempts: Int?
        }

        var pending: Int
        var oldestAgeMs: Milliseconds?
        var parked: [Parked]
        var intents: Int
        var user: UserState?

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(pending, forKey: .pending)
            // Null, not missing, when nothing waits.
            try members.encode(oldestAgeMs, forKey: .oldestAgeMs)
            try members.encode(parked, forKey: .parked)
            try members.encode(intents, forKey: .intents)
            try members.encodeIfPresent(user, forKey: .user)
        }

        private enum CodingKeys: String, CodingKey { case pending, oldestAgeMs, parked, intents, user }
    }

    /// The list is for people; past this many the count says enough.
    private static let parkedMax = 100

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let store = service.store
        let status = try await stored { () async throws(StoreError) in try await store.queueStatus() }
        let parked = try await stored { () async throws(StoreError) in
            try await store.queuedChanges(of: nil, limit: Self.parkedMax)
        }
        let now = service.clock.now()
        return Answer(
            pending: status.pending, oldestAgeMs: status.oldestAt.map { StoredTime.age(of: $0, at: now) ?? 0 },
            parked: parked.map { change in
                Answer.Parked(
                    userId: change.userId, reason: "\(change.errorType): \(change.error)", since: rfc3339(change.since),
                    attempts: change.attempts, customerId: change.customerId)
            },
            intents: status.intents, user: try await userState(params.userId, store))
    }

    private static func userState(
        _ userId: String?, _ store: CustomerStore
    ) async throws(ServiceError) -> Answer.UserState? {
        guard let userId else { return nil }
        let (user, changes, isSynced) = try await stored { () async throws(StoreError) in
            let user = try await store.user(userId)
            var isSynced = false
            if let user { isSynced = try await store.syncedProfile(of: user) != nil }
            return (user, try await store.queuedChanges(of: userId, limit: 1), isSynced)
        }
        guard user != nil || !changes.isEmpty else { throw ServiceError.userNotFound(userId) }
        let change = changes.first
        return Answer.UserState(
            userId: userId,
            state: change.map { $0.isParked ? "parked" : "pending" } ?? (isSynced ? "synced" : "unsynced"),
            customerId: user?.customerId ?? change?.customerId,
            reason: change.flatMap { $0.error.isEmpty ? nil : "\($0.errorType): \($0.error)" },
            attempts: change?.attempts)
    }
}
