package import Environment
package import JSON

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
        return try await write(locking: [.user(userId), .customer(customerId)]) { rows throws(StoreError) in
            guard try rows.holds(.user(userId), owner: owner) else { return .userLost }
            guard try rows.take(.customer(customerId), owner: owner) else { return nil }
            // Asked under the customer's lease, without which nobody archives or deletes it.
            guard try rows.isInUse(customerId, by: userId) else {
                try rows.release(.customer(customerId), owner: owner)
                return .outdated
            }
            try rows.replaceProfile(of: userId, with: customerId, by: inDoubt)
            return .admitted
        }
    }

    /// After a refusal: Stripe has what it had. Gives the lease on the customer back.
    package func cancelUpdate(
        of customerId: String, for userId: String, known: JSONObject?
    ) async throws(StoreError) {
        let owner = owner
        try await write(locking: [.user(userId), .customer(customerId)]) { rows throws(StoreError) in
            // Whoever has taken the user over knows better.
            if let known, try rows.holds(.user(userId), owner: owner) {
                try rows.replaceProfile(of: userId, with: customerId, by: known)
            }
            try rows.release(.customer(customerId), owner: owner)
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
        try await writeRecorded(locking: [.user(userId), .customer(customerId)]) { rows, audit throws(StoreError) in
            if !sent.isEmpty {
                var details: JSONObject = ["fields": .array(sent.map { .string($0) })]
                if sent.contains("email") { details["email"] = audit.personal(profile?["email"]?.string) }
                try audit.record("customer.updated", userId: userId, customerId: customerId, details: details)
            }
            if inDoubt != nil { try rows.release(.customer(customerId), owner: owner) }
            guard try rows.holds(.user(userId), owner: owner) else {
                if let inDoubt {
                    try rows.replaceProfile(of: userId, with: customerId, by: inDoubt)
                    if try rows.user(userId) != nil { try Self.enqueue(userId, at: now, rows) }
                }
                return
            }
            if let profile {
                // Only while it is still this customer: a host may have linked another one meanwhile.
                if try rows.user(userId)?.customerId == customerId {
                    var synced = try rows.synced(userId, with: customerId) ?? SyncedProfile(profile: profile)
                    synced.replaceProfile(by: profile)
                    try rows.putSynced(synced, of: userId, with: customerId, at: now)
                    if let change { try rows.complete(change, of: userId) }
                }
            } else if let change {
                try rows.complete(change, of: userId)
            }
            try rows.release(.user(userId), owner: owner)
        }
    }

    /// Whether the marks of a customer in use are at Stripe is not known: a sync sends them as they are to be, after a kill
    /// too.
    package func doubtMarks(of customerId: String, at now: Milliseconds) async throws(StoreError) {
        try await write(locking: [.customer(customerId)]) { rows throws(StoreError) in
            try Self.doubtMarks(of: customerId, at: now, rows)
        }
    }

    static func doubtMarks(
        of customerId: String, at now: Milliseconds, _ rows: any StoreTransaction
    ) throws(StoreError) {
        guard let userId = try rows.holder(of: customerId) else { return }
        try rows.lock([.user(userId)])
        if var profile = try rows.synced(userId, with: customerId)?.profile {
            var metadata = profile["metadata"]?.object ?? [:]
            for name in CustomerMark.all { metadata[name] = .null }
            profile["metadata"] = .object(metadata)
            try rows.replaceProfile(of: userId, with: customerId, by: profile)
        }
        try enqueue(userId, at: now, rows)
    }

    /// The profile that Stripe was last told of the customer that the user has now.
    package func syncedProfile(of user: User) async throws(StoreError) -> JSONObject? {
        guard let customerId = user.customerId else { return nil }
        return try await read { rows throws(StoreError) in try rows.synced(user.id, with: customerId)?.profile }
    }
}
