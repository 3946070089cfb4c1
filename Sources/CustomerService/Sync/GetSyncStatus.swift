import CustomerStore
import Environment
import JSON

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
            var field: String?
        }

        struct RefusedField: Encodable, Sendable {
            var field: String
            var refusedBy: String
            var reason: String
            var since: String
        }

        struct UserState: Encodable, Sendable {
            var userId: String
            var state: String
            var customerId: String?
            var reason: String?
            var attempts: Int?
            var fields: [RefusedField]?
        }

        var pending: Int
        var oldestAgeMs: Milliseconds?
        var parked: [Parked]
        var waitsForOperator: JSONValue
        var intents: Int
        var user: UserState?

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(pending, forKey: .pending)
            // Null, not missing, when nothing waits.
            try members.encode(oldestAgeMs, forKey: .oldestAgeMs)
            try members.encode(parked, forKey: .parked)
            try members.encode(waitsForOperator, forKey: .waitsForOperator)
            try members.encode(intents, forKey: .intents)
            try members.encodeIfPresent(user, forKey: .user)
        }

        private enum CodingKeys: String, CodingKey {
            case pending, oldestAgeMs, parked, waitsForOperator, intents, user
        }
    }

    /// The list is for people; past this many the count says enough.
    private static let parkedMax = 100

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let store = service.store
        let status = try await stored(await store.queueStatus())
        let (parked, refused) = try await withStore { () async throws(StoreError) in
            (
                try await store.queuedChanges(of: nil, limit: Self.parkedMax),
                try await store.refusedFields(of: nil, limit: Self.parkedMax)
            )
        }
        let now = service.clock.now()
        let changes = parked.map { change in
            Answer.Parked(
                userId: change.userId, reason: "\(change.errorType): \(change.error)", since: rfc3339(change.since),
                attempts: change.attempts, customerId: change.customerId)
        }
        let fields = refused.filter { $0.side == .stripe }.map { refusal in
            Answer.Parked(
                userId: refusal.userId, reason: "\(refusal.errorType): \(refusal.error)",
                since: rfc3339(refusal.since), attempts: 1, field: refusal.field)
        }
        return Answer(
            pending: status.pending, oldestAgeMs: status.oldestAt.map { StoredTime.age(of: $0, at: now) ?? 0 },
            parked: changes + fields, waitsForOperator: try await service.operatorReport(), intents: status.intents,
            user: try await userState(params.userId, store))
    }

    private static func userState(
        _ userId: String?, _ store: CustomerStore
    ) async throws(ServiceError) -> Answer.UserState? {
        guard let userId else { return nil }
        let (user, changes, refused, isSynced) = try await withStore { () async throws(StoreError) in
            let user = try await store.user(userId)
            var isSynced = false
            if let user { isSynced = try await store.syncedProfile(of: user) != nil }
            return (
                user, try await store.queuedChanges(of: userId, limit: 1),
                try await store.refusedFields(of: userId, limit: Self.parkedMax), isSynced
            )
        }
        guard user != nil || !changes.isEmpty else { throw ServiceError.userNotFound(userId) }
        let change = changes.first
        let parked = refused.first { $0.side == .stripe }
        let state = change.map { $0.isParked ? "parked" : "pending" }
        return Answer.UserState(
            userId: userId, state: state ?? (parked != nil ? "parked" : isSynced ? "synced" : "unsynced"),
            customerId: user?.customerId ?? change?.customerId,
            reason: change.map { $0.error.isEmpty ? nil : "\($0.errorType): \($0.error)" }
                ?? parked.map { "\($0.field): \($0.error)" },
            attempts: change?.attempts,
            fields: refused.isEmpty
                ? nil
                : refused.map {
                    Answer.RefusedField(
                        field: $0.field, refusedBy: $0.side.rawValue, reason: "\($0.errorType): \($0.error)",
                        since: rfc3339($0.since))
                })
    }
}
