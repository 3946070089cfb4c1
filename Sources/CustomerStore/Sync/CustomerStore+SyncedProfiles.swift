package import Environment
package import JSON
import SQLite

/// Whether fields may be sent now.
package enum UpdateAdmission: Sendable {
    case admitted
    /// Another process took over the user.
    case userLost
    /// The user is gone, has another customer, or the customer is archived or about to be disposed of: what was claimed is
    /// no longer so.
    case outdated
}

/// What Stripe was last told of a user: noted as in doubt before fields are sent, and as known when that is over.
extension CustomerStore {
    /// Before fields are sent: takes the lease on the customer and notes that until `finishSync` nobody knows what Stripe
    /// has in them. Without that a change that was sent, lost its answer and was then taken back by the user would
    /// look as if nothing were to be sent.
    ///
    /// - Parameter inDoubt: The synced profile without what is being sent. Where there is none yet, Stripe will be asked anyway.
    /// - Returns: `nil` while another process changes the customer.
    package func beginUpdate(
        of customerId: String, for userId: String, inDoubt: JSONObject
    ) async throws(StoreError) -> UpdateAdmission? {
        let owner = owner
        return try await write { connection throws(StoreError) in
            guard try Self.holds(.user(userId), owner, &connection) else { return .userLost }
            guard try Self.take(.customer(customerId), owner, &connection) else { return nil }
            // Asked under the customer's lease, without which nobody archives or deletes it.
            let isWanted = try connection.row(
                """
                SELECT 1 FROM users WHERE \(Self.hasID) AND stripe_customer_id = ?2
                    AND NOT EXISTS (SELECT 1 FROM archived_customers WHERE customer_id = ?2)
                    AND NOT EXISTS (SELECT 1 FROM disposals WHERE customer_id = ?2)
                """, [.text(userId), .text(customerId)])
            guard isWanted != nil else {
                try Self.release(.customer(customerId), owner, &connection)
                return .outdated
            }
            try Self.replaceSynced(userId, customerId, inDoubt, &connection)
            return .admitted
        }
    }

    /// After a refusal: Stripe has what it had. Gives the lease on the customer back.
    package func cancelUpdate(
        of customerId: String, for userId: String, known: JSONObject?
    ) async throws(StoreError) {
        let owner = owner
        try await write { connection throws(StoreError) in
            // Whoever has taken the user over knows better.
            if let known, try Self.holds(.user(userId), owner, &connection) {
                try Self.replaceSynced(userId, customerId, known, &connection)
            }
            try Self.release(.customer(customerId), owner, &connection)
        }
    }

    /// Records that Stripe knows this profile, removes the change that led to it, and gives the leases back.
    ///
    /// When another process has taken the user over, who knows which of the two updates came last: nothing is recorded,
    /// and what was sent stays in doubt and is sent again.
    /// - Parameters:
    ///   - profile: `nil` when nothing had to be sent.
    ///   - inDoubt: What `beginUpdate` was given; `nil` when nothing had to be sent.
    ///   - sent: The fields that were changed at Stripe.
    package func finishSync(
        _ userId: String, customerId: String, profile: JSONObject?, inDoubt: JSONObject?, sent: [String],
        completing change: String?, at now: Milliseconds
    ) async throws(StoreError) {
        let owner = owner
        try await writeRecorded { connection, audit throws(StoreError) in
            if !sent.isEmpty {
                var details: JSONObject = ["fields": .array(sent.map { .string($0) })]
                if sent.contains("email") { details["email"] = audit.personal(profile?["email"]?.string) }
                try audit.record(
                    "customer.updated", userId: userId, customerId: customerId, details: details, &connection)
            }
            if inDoubt != nil { try Self.release(.customer(customerId), owner, &connection) }
            guard try Self.holds(.user(userId), owner, &connection) else {
                if let inDoubt {
                    try Self.replaceSynced(userId, customerId, inDoubt, &connection)
                    if try Self.user(userId, &connection) != nil { try Self.enqueue(userId, at: now, &connection) }
                }
                return
            }
            if let profile {
                // Only while it is still this customer: a host may have linked another one meanwhile.
                if try Self.user(userId, &connection)?.customerId == customerId {
                    try Self.recordSynced(userId, customerId, profile, completing: change, at: now, &connection)
                }
            } else if let change {
                try Self.complete(change, userId, &connection)
            }
            try Self.release(.user(userId), owner, &connection)
        }
    }

    /// Whether the marks of a customer in use are at Stripe is not known: a sync sends them as they are to be, after a kill
    /// too.
    package func doubtMarks(of customerId: String, at now: Milliseconds) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            try Self.doubtMarks(of: customerId, at: now, &connection)
        }
    }

    static func doubtMarks(
        of customerId: String, at now: Milliseconds, _ connection: inout Connection
    ) throws(StoreError) {
        guard let userId = try linkedUser(of: customerId, &connection) else { return }
        if var profile = try synced(userId, customerId, &connection)?.profile {
            var metadata = profile["metadata"]?.object ?? [:]
            for name in CustomerMark.all { metadata[name] = .null }
            profile["metadata"] = .object(metadata)
            try replaceSynced(userId, customerId, profile, &connection)
        }
        try enqueue(userId, at: now, &connection)
    }

    /// The profile that Stripe was last told of the customer that the user has now.
    package func syncedProfile(of user: User) async throws(StoreError) -> JSONObject? {
        try await read { connection throws(StoreError) in
            try Self.synced(user.id, user.customerId, &connection)?.profile
        }
    }

    // MARK: Pieces

    /// `nil` when nothing is known of this user with this customer.
    static func synced(
        _ userId: String, _ customerId: String?, _ connection: inout Connection
    ) throws(StoreError) -> SyncedProfile? {
        try connection.row(
            "SELECT profile, edits FROM synced_profiles WHERE user_id = ? AND customer_id IS ?",
            [.text(userId), SQLiteValue(customerId)]
        ).map { SyncedProfile(profile: storedObject($0.text(0)), edits: storedObject($0.text(1))) }
    }

    private static func replaceSynced(
        _ userId: String, _ customerId: String, _ profile: JSONObject, _ connection: inout Connection
    ) throws(StoreError) {
        try connection.change(
            "UPDATE synced_profiles SET profile = ? WHERE user_id = ? AND customer_id = ?",
            [.text(storedJSON(profile)), .text(userId), .text(customerId)])
    }

    /// - Parameter edits: What Stripe has instead of the profile; `nil` when only what differs from before was sent.
    static func recordSynced(
        _ userId: String, _ customerId: String, _ profile: JSONObject, edits: JSONObject? = nil,
        completing change: String?, at now: Milliseconds, _ connection: inout Connection
    ) throws(StoreError) {
        var synced = try synced(userId, customerId, &connection) ?? SyncedProfile(profile: profile)
        synced.replaceProfile(by: profile)
        if let edits { synced.edits = edits }
        try connection.change(
            """
            INSERT INTO synced_profiles (user_id, customer_id, profile, edits, synced_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (user_id) DO UPDATE SET
                customer_id = excluded.customer_id, profile = excluded.profile, edits = excluded.edits,
                synced_at = excluded.synced_at
            """,
            [
                .text(userId), .text(customerId), .text(storedJSON(profile)), .text(storedJSON(synced.edits)),
                .integer(now),
            ])
        if let change { try complete(change, userId, &connection) }
    }
}
