package import Environment
package import JSON
import SQLite

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
        try await read { connection throws(StoreError) in
            try connection.row("SELECT effect, user_id FROM stripe_events WHERE event_id = ?", [.text(id)]).map {
                SeenEvent(effect: $0.text(0).flatMap(EventEffect.init), userId: $0.text(1))
            }
        }
    }

    package func knowledge(of customerId: String) async throws(StoreError) -> CustomerKnowledge {
        try await read { connection throws(StoreError) in
            let user = try Self.user(customerId: customerId, &connection)
            let news = try connection.row(
                "SELECT created, deleted FROM customer_news WHERE customer_id = ?", [.text(customerId)])
            var (synced, syncedAt): (SyncedProfile?, Milliseconds?)
            if let user {
                synced = try Self.synced(user.id, customerId, &connection)
                syncedAt = try connection.row(
                    "SELECT synced_at FROM synced_profiles WHERE user_id = ?", [.text(user.id)])?.integer(0)
            }
            return CustomerKnowledge(
                user: user, synced: synced, syncedAt: syncedAt, newest: news?.integer(0),
                isDeleted: news?.bool(1) ?? false)
        }
    }

    /// Notes an event that has no effect on the customer's data, so that it counts as seen.
    package func note(
        _ mark: EventMark, _ effect: EventEffect, userId: String?, at now: Milliseconds
    ) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            if try Self.insert(mark, at: now, &connection) { try Self.keep(effect, userId, of: mark, &connection) }
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
        try await writeRecorded { connection, audit throws(StoreError) in
            if let mark {
                guard try Self.insert(mark, at: now, &connection) else { return [] }
                try Self.recordNews(mark, deleted: false, at: now, &connection)
            }
            guard let userId = try Self.linkedUser(of: customerId, &connection),
                let user = try Self.user(userId, &connection),
                let synced = try Self.synced(userId, customerId, &connection)
            else {
                if let mark { try Self.keep(.none, nil, of: mark, &connection) }
                return nil
            }
            var merged = merge(user, synced, [])
            let refused = try Self.takeIn(merged.userFields, user, &connection)
            if !refused.isEmpty { merged = merge(user, synced, Set(refused.map(\.field))) }
            try Self.replaceRefusals(byUsersTable: refused, of: userId, audit, at: now, &connection)
            try connection.change(
                "UPDATE synced_profiles SET profile = ?, edits = ? WHERE user_id = ?",
                [.text(storedJSON(merged.synced.profile)), .text(storedJSON(merged.synced.edits)), .text(userId)])
            if merged.isMarkLost { try Self.enqueueUnlessQueued(userId, at: now, &connection) }
            let fields = merged.userFields.members.map(\.name)
            if let mark {
                try Self.keep(fields.isEmpty ? .recorded : .userUpdated, userId, of: mark, &connection)
            }
            if !fields.isEmpty {
                var details: JSONObject = ["fields": .array(fields.map { .string($0) })]
                details["eventId"] = mark.map { .string($0.eventId) }
                details["email"] = audit.personal(merged.userFields["email"]?.string)
                try audit.record(
                    "user.updated_from_stripe", userId: userId, customerId: customerId, details: details, &connection)
            }
            return fields
        }
    }

    /// Takes in that a customer was deleted: whoever had it has none from now on.
    /// - Returns: The user who had it.
    package func absorbDeletion(_ mark: EventMark, at now: Milliseconds) async throws(StoreError) -> String? {
        try await writeRecorded { connection, audit throws(StoreError) in
            guard try Self.insert(mark, at: now, &connection) else { return nil }
            try Self.recordNews(mark, deleted: true, at: now, &connection)
            let userId = try Self.linkedUser(of: mark.customerId, &connection)
            try Self.unlinkDeleted(mark.customerId, &connection)
            try Self.keep(userId == nil ? .none : .unlinked, userId, of: mark, &connection)
            if let userId {
                try audit.record(
                    "customer.gone", userId: userId, customerId: mark.customerId,
                    details: ["eventId": .string(mark.eventId)], &connection)
            }
            return userId
        }
    }

    /// Whether a create of which the outcome is not known is under way for the user.
    package func hasPendingIntent(_ userId: String) async throws(StoreError) -> Bool {
        try await read { connection throws(StoreError) in try Self.pendingIntent(of: userId, &connection) != nil }
    }

    // MARK: Pieces

    /// - Returns: Whether the event is new.
    private static func insert(
        _ mark: EventMark, at now: Milliseconds, _ connection: inout Connection
    ) throws(StoreError) -> Bool {
        for table in ["stripe_events", "customer_news"] {
            try connection.change("DELETE FROM \(table) WHERE received_at < ?", [.integer(now - eventAgeMax)])
        }
        return try connection.row(
            "INSERT INTO stripe_events (event_id, received_at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING 1",
            [.text(mark.eventId), .integer(now)]) != nil
    }

    private static func keep(
        _ effect: EventEffect, _ userId: String?, of mark: EventMark, _ connection: inout Connection
    ) throws(StoreError) {
        try connection.change(
            "UPDATE stripe_events SET effect = ?, user_id = ? WHERE event_id = ?",
            [.text(effect.rawValue), SQLiteValue(userId), .text(mark.eventId)])
    }

    private static func recordNews(
        _ mark: EventMark, deleted: Bool, at now: Milliseconds, _ connection: inout Connection
    ) throws(StoreError) {
        try connection.change(
            """
            INSERT INTO customer_news (customer_id, created, deleted, received_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (customer_id) DO UPDATE SET
                created = CASE WHEN created > ?5 THEN excluded.created ELSE max(created, excluded.created) END,
                deleted = max(deleted, excluded.deleted), received_at = excluded.received_at
            """,
            [
                .text(mark.customerId), .integer(mark.created), SQLiteValue(deleted), .integer(now),
                .integer(StoredTime.latestBelieved(at: now, ahead: EventMark.aheadMax) / 1000),
            ])
    }

    /// Writes fields into the row, one by one where they don't go together, so that one that is refused holds up no other.
    /// - Returns: What the row does not take.
    private static func takeIn(
        _ fields: JSONObject, _ user: User, _ connection: inout Connection
    ) throws(StoreError) -> [(field: String, value: String?, error: StoreError)] {
        guard try refusal(of: fields, user, &connection) != nil else { return [] }
        var user = user
        var refused: [(field: String, value: String?, error: StoreError)] = []
        for member in fields.members {
            if let error = try refusal(of: [member.name: member.value], user, &connection) {
                refused.append((member.name, member.value.string, error))
            } else if let row = try Self.user(user.id, &connection) {
                user = row
            }
        }
        return refused
    }

    private static func refusal(
        of fields: JSONObject, _ user: User, _ connection: inout Connection
    ) throws(StoreError) -> StoreError? {
        guard !fields.isEmpty else { return nil }
        do throws(StoreError) {
            try write(fields, to: user, &connection)
            return nil
        } catch {
            switch error {
            case .userExists, .usersTableRefuses: return error
            default: throw error
            }
        }
    }

    private static func write(
        _ fields: JSONObject, to user: User, _ connection: inout Connection
    ) throws(StoreError) {
        if let email = fields["email"]?.string { try requireFree(email, for: user.id, &connection) }
        let isQueued = try connection.row("SELECT 1 FROM sync_queue WHERE user_id = ?", [.text(user.id)]) != nil
        try connection.savepoint { connection throws(StoreError) in
            try write(fields.members.map { ($0.name, SQLiteValue($0.value.string)) }, to: user.id, &connection)
        }
        if !isQueued { try connection.change("DELETE FROM sync_queue WHERE user_id = ?", [.text(user.id)]) }
    }
}
