package import Environment
package import JSON

/// Where a piece of news about a customer comes from.
package struct EventMark: Sendable {
    package var eventId: String
    package var customerId: String
    /// Stripe's time of the event in seconds.
    package var created: Int64

    package init(eventId: String, customerId: String, created: Int64) {
        self.eventId = eventId
        self.customerId = customerId
        self.created = created
    }

    /// So far ahead an event's time may lie: what a wrong time zone comes to, and more. Longer than the clocks are taken to
    /// be apart elsewhere, since of a time that is not believed Stripe has to be asked.
    static let aheadMax: Milliseconds = 86_400_000

    /// The time of an event, in seconds, as long as it can be one: what is stored may come from an event that was
    /// believed once.
    package static func believable(_ created: Int64?, at now: Milliseconds) -> Int64? {
        created.flatMap {
            StoredTime.isBelieved($0.multipliedSaturated(by: 1000), at: now, ahead: aheadMax) ? $0 : nil
        }
    }
}

/// What is known of a customer when news of it comes.
package struct CustomerKnowledge: Sendable {
    /// The user who has it.
    package var user: User?
    package var synced: SyncedProfile?
    /// When a sync of ours last recorded what Stripe has, by the clock of this machine.
    package var syncedAt: Milliseconds?
    /// Stripe's time of the newest event of it, in seconds.
    package var newest: Int64?
    package var isDeleted: Bool

    package init(user: User?, synced: SyncedProfile?, syncedAt: Milliseconds?, newest: Int64?, isDeleted: Bool) {
        self.user = user
        self.synced = synced
        self.syncedAt = syncedAt
        self.newest = newest
        self.isDeleted = isDeleted
    }
}

/// What a customer's present state makes of the last synced one and of the user's row.
package struct ProfileMerge: Sendable {
    package var synced: SyncedProfile
    /// The fields of the user's row that take Stripe's value.
    package var userFields: JSONObject
    /// The customer no longer names its user, which a sync has to mend.
    package var isMarkLost: Bool

    package init(synced: SyncedProfile, userFields: JSONObject, isMarkLost: Bool) {
        self.synced = synced
        self.userFields = userFields
        self.isMarkLost = isMarkLost
    }
}

extension CustomerStore {
    /// Events are remembered for as long as Stripe gives them out: "events … going back 30 days"
    /// (https://docs.stripe.com/api/events/list).
    private static let eventAgeMax: Milliseconds = 30 * 86_400_000

    /// - Returns: `nil` when it is new.
    package func seenEvent(_ id: String) async throws(StoreError) -> SeenEvent? {
        try await read { rows throws(StoreError) in try rows.seenEvent(id) }
    }

    package func knowledge(of customerId: String) async throws(StoreError) -> CustomerKnowledge {
        try await read { rows throws(StoreError) in try rows.knowledge(of: customerId) }
    }

    /// Notes an event that has no effect on the customer's data, so that it counts as seen.
    package func note(
        _ mark: EventMark, _ effect: EventEffect, userId: String?, at now: Milliseconds
    ) async throws(StoreError) {
        try await write(locking: [.customer(mark.customerId)]) { rows throws(StoreError) in
            guard try Self.insert(mark, at: now, rows) else { return }
            try rows.setEffect(effect, userId: userId, of: mark.eventId)
        }
    }

    /// Takes in the present state of a user's customer: the last synced state and, where `merge` says so, the user's
    /// row, in one transaction. To be called with the user's lease, so that no sync is between sending and recording.
    ///
    /// The trigger on the users table queues the change of the row like any other. That entry is dropped again, unless
    /// another change waited already: there is nothing to send, since the last synced state changes with the row.
    /// - Parameters:
    ///   - mark: The event that told of it, if one did.
    ///   - merge: Called again with the fields that the row does not take: an address that another user has, or rules of the
    ///     host's own on its table.
    /// - Returns: The fields of the user's row that changed; `nil` when the user no longer has the customer or was never
    ///   synced with it.
    package func absorb(
        _ customerId: String, mark: EventMark?, at now: Milliseconds,
        merge: @escaping @Sendable (User, SyncedProfile, _ refused: Set<String>) -> ProfileMerge
    ) async throws(StoreError) -> [String]? {
        try await writeRecorded(locking: [.customer(customerId)]) { rows, audit throws(StoreError) in
            if let mark {
                guard try Self.insert(mark, at: now, rows) else { return [] }
                try Self.putNews(mark, deleted: false, at: now, rows)
            }
            let known = try rows.knowledge(of: customerId)
            guard let user = known.user, let synced = known.synced else {
                if let mark { try rows.setEffect(.none, userId: nil, of: mark.eventId) }
                return nil
            }
            try rows.lock([.user(user.id)])
            var merged = merge(user, synced, [])
            let refused = try Self.takeIn(merged.userFields, user, rows)
            if !refused.isEmpty { merged = merge(user, synced, Set(refused.map(\.field))) }
            try Self.replaceRefusals(byUsersTable: refused, of: user.id, audit, at: now, rows)
            try rows.replaceSynced(of: user.id, with: customerId, by: merged.synced)
            if merged.isMarkLost { try rows.enqueue(user.id, change: Self.freshID(), at: now) }
            let fields = merged.userFields.members.map(\.name)
            if let mark {
                try rows.setEffect(fields.isEmpty ? .recorded : .userUpdated, userId: user.id, of: mark.eventId)
            }
            if !fields.isEmpty {
                var details: JSONObject = ["fields": .array(fields.map { .string($0) })]
                details["eventId"] = mark.map { .string($0.eventId) }
                details["email"] = audit.personal(merged.userFields["email"]?.string)
                try audit.record(
                    "user.updated_from_stripe", userId: user.id, customerId: customerId, details: details)
            }
            return fields
        }
    }

    /// Takes in that a customer was deleted: whoever had it has none from now on.
    /// - Returns: The user who had it.
    package func absorbDeletion(_ mark: EventMark, at now: Milliseconds) async throws(StoreError) -> String? {
        try await writeRecorded(locking: [.customer(mark.customerId)]) { rows, audit throws(StoreError) in
            guard try Self.insert(mark, at: now, rows) else { return nil }
            try Self.putNews(mark, deleted: true, at: now, rows)
            let userId = try rows.holder(of: mark.customerId)
            try Self.unlinkDeleted(mark.customerId, rows)
            try rows.setEffect(userId == nil ? .none : .unlinked, userId: userId, of: mark.eventId)
            if let userId {
                try audit.record(
                    "customer.gone", userId: userId, customerId: mark.customerId,
                    details: ["eventId": .string(mark.eventId)])
            }
            return userId
        }
    }

    // MARK: Pieces

    /// - Returns: Whether the event is new.
    private static func insert(
        _ mark: EventMark, at now: Milliseconds, _ rows: any StoreTransaction
    ) throws(StoreError) -> Bool {
        try rows.dropEvents(before: now - eventAgeMax)
        return try rows.insertEvent(mark.eventId, at: now)
    }

    private static func putNews(
        _ mark: EventMark, deleted: Bool, at now: Milliseconds, _ rows: any StoreTransaction
    ) throws(StoreError) {
        let latest = StoredTime.latestBelieved(at: now, ahead: EventMark.aheadMax) / 1000
        try rows.putNews(mark, deleted: deleted, latest: latest, at: now)
    }

    /// Writes fields into the row, one by one where they don't go together, so that one that is refused holds up no other.
    /// - Returns: What the row does not take.
    private static func takeIn(
        _ fields: JSONObject, _ user: User, _ rows: any StoreTransaction
    ) throws(StoreError) -> [(field: String, value: String?, error: StoreError)] {
        guard try refusal(of: fields, user, rows) != nil else { return [] }
        var user = user
        var refused: [(field: String, value: String?, error: StoreError)] = []
        for member in fields.members {
            if let error = try refusal(of: [member.name: member.value], user, rows) {
                refused.append((member.name, member.value.string, error))
            } else if let row = try rows.user(user.id) {
                user = row
            }
        }
        return refused
    }

    private static func refusal(
        of fields: JSONObject, _ user: User, _ rows: any StoreTransaction
    ) throws(StoreError) -> StoreError? {
        guard !fields.isEmpty else { return nil }
        do throws(StoreError) {
            try write(fields, to: user, rows)
            return nil
        } catch {
            switch error {
            case .userExists, .usersTableRefuses: return error
            default: throw error
            }
        }
    }

    private static func write(
        _ fields: JSONObject, to user: User, _ rows: any StoreTransaction
    ) throws(StoreError) {
        if let email = fields["email"]?.string { try requireFree(email: email, for: user.id, rows) }
        let isQueued = try rows.isQueued(user.id)
        let columns = fields.members.compactMap { member in
            UserColumn(rawValue: member.name).map { ($0, member.value.string) }
        }
        try rows.attempt { () throws(StoreError) in try rows.updateUser(user.id, columns) }
        if !isQueued { try rows.dequeue(user.id) }
    }
}
