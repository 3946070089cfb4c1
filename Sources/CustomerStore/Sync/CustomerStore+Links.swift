package import Environment
package import JSON

/// What came of the attempt to link a customer to its user.
package enum LinkOutcome: Sendable {
    /// The user has this customer. The claim says how things stand now.
    case linked(SyncClaim)
    /// The user has this customer, nothing else is left to do, and the lease was given back.
    case settled(User)
    /// The user is gone or has another customer by now: this one is noted for disposal.
    case disposed
    /// Another process took over the lease; it will come to the same customer.
    case lost
}

extension CustomerStore {
    /// Gives a customer to its user by compare-and-set, settles the intent, and records what Stripe knows.
    ///
    /// - Parameters:
    ///   - intent: The create that this settles, if one was pending.
    ///   - created: It was made just now for this user alone: should it turn out superfluous it may go.
    ///   - profile: The last synced state from here on.
    ///   - edits: What Stripe has instead of it.
    ///   - change: The queued change that this carries out.
    ///   - isComplete: Nothing more is to be sent: if no later change is queued, the lease is given back too.
    /// - Throws: `.customerTaken` when another user has it.
    package func link(
        _ customerId: String, to userId: String, settling intent: CreateIntent?, created: Bool, profile: JSONObject,
        edits: JSONObject = [:], completing change: String?, isComplete: Bool, at now: Milliseconds
    ) async throws(StoreError) -> LinkOutcome {
        let owner = owner
        return try await writeRecorded(locking: [.user(userId), .customer(customerId)]) {
            rows, audit throws(StoreError) in
            guard try rows.holds(.user(userId), owner: owner) else { return .lost }
            // As it is now: the user may have been deleted since the claim.
            let facts = try rows.situation(of: userId)
            let disposal = facts.intent.flatMap { $0.generation == intent?.generation ? $0.disposal : nil }
            if let intent { try rows.settle(intent, as: .linked, customerId: customerId, at: now) }
            let standing = try rows.standing(of: customerId, for: userId)
            if let other = standing.holder, !sameCodePoints(other, userId) {
                throw .customerTaken(customerId: customerId, userId: other)
            }
            // A disposal says that the user for whom it was made is gone, whoever has the id by now.
            let isWanted =
                facts.user.map { $0.customerId == customerId || $0.customerId == nil && disposal == nil } ?? false
            guard isWanted else {
                if created {
                    try Self.leave(customerId, madeFor: userId, disposal ?? .archive, at: now, rows)
                    try audit.record("customer.superfluous", userId: userId, customerId: customerId)
                }
                if facts.user == nil { try rows.dequeue(userId) }
                try rows.release(.user(userId), owner: owner)
                return .disposed
            }
            if facts.user?.customerId == nil {
                try rows.link(customerId, to: userId)
                try audit.record(
                    created ? "customer.created" : "customer.adopted", userId: userId, customerId: customerId,
                    details: ["email": audit.personal(profile["email"]?.string) ?? .null])
            }
            try Self.makeOwn(customerId, of: userId, standing, rows)
            try rows.putSynced(SyncedProfile(profile: profile, edits: edits), of: userId, with: customerId, at: now)
            if let change { try rows.complete(change, of: userId) }
            let claim = SyncClaim(try rows.situation(of: userId))
            guard let user = claim.user, isComplete, claim.change == nil else { return .linked(claim) }
            try rows.release(.user(userId), owner: owner)
            return .settled(user)
        }
    }

    /// The customer is gone at Stripe: the user has none from now on.
    package func unlinkDeleted(_ customerId: String) async throws(StoreError) {
        try await writeRecorded(locking: [.customer(customerId)]) { rows, audit throws(StoreError) in
            let userId = try rows.holder(of: customerId)
            try Self.unlinkDeleted(customerId, rows)
            if let userId { try audit.record("customer.gone", userId: userId, customerId: customerId) }
        }
    }

    /// Takes a customer away from its user because the host says so; no look-up will adopt it again.
    /// - Returns: The user as it is now; `nil` when the user does not have this customer.
    /// - Throws: `.callOvertaken`.
    package func unlink(
        _ customerId: String, from userId: String, under key: HostKey? = nil, at now: Milliseconds
    ) async throws(StoreError) -> User? {
        try await writeRecorded(
            locking: [.user(userId), .customer(customerId)] + Self.locks(key)
        ) { rows, audit throws(StoreError) in
            try Self.requireFirst(key, audit.key, rows)
            guard var user = try rows.user(userId), user.customerId == customerId else { return nil }
            try Self.noteDone(key, userId: userId, customerId: customerId, audit.key, at: now, rows)
            try audit.record("customer.unlinked", userId: userId, customerId: customerId)
            try rows.unlink(customerId)
            try rows.mark(customerId, as: .unlinked, at: now)
            try rows.dequeue(userId)
            user.customerId = nil
            return user
        }
    }

    /// Links a customer that the host names. A create that is pending for the user will be disposed of when it settles.
    /// - Returns: The user as it is now, with the link in the queue to be synced; `nil` when there is no such user.
    /// - Throws: `.customerTaken` when another user has it, `.customerDoomed`, `.callOvertaken`.
    package func linkExisting(
        _ customerId: String, to userId: String, under key: HostKey? = nil, at now: Milliseconds
    ) async throws(StoreError) -> User? {
        try await writeRecorded(
            locking: [.user(userId), .customer(customerId)] + Self.locks(key)
        ) { rows, audit throws(StoreError) in
            guard var user = try rows.user(userId) else { return nil }
            let standing = try rows.standing(of: customerId, for: userId)
            if let other = standing.holder, !sameCodePoints(other, userId) {
                throw .customerTaken(customerId: customerId, userId: other)
            }
            guard user.customerId == nil || user.customerId == customerId else { return user }
            try Self.complete(key, userId: userId, customerId: customerId, audit.key, at: now, rows)
            guard user.customerId == nil else { return user }
            if standing.disposal == .delete { throw .customerDoomed(customerId: customerId) }
            try rows.link(customerId, to: userId)
            try Self.makeOwn(customerId, of: userId, standing, rows)
            try rows.setDisposal(ofPendingIntentOf: userId, to: .archive)
            try Self.enqueue(userId, at: now, rows)
            try audit.record("customer.linked", userId: userId, customerId: customerId)
            user.customerId = customerId
            return user
        }
    }

    /// Which of these customers a look-up must not adopt for the user: linked to another one, taken away by the host,
    /// kept when its user was deleted, archived or about to be disposed of, or reported as deleted (search may still find it
    /// for a while).
    package func unadoptable(_ customerIds: [String], for userId: String) async throws(StoreError) -> Set<String> {
        try await read { rows throws(StoreError) in
            var refused: Set<String> = []
            for id in customerIds {
                let standing = try rows.standing(of: id, for: userId)
                let isAnothers = standing.holder.map { !sameCodePoints($0, userId) } ?? false
                if isAnothers || standing.isUnlinked || standing.isArchived || standing.isKept || standing.isDeleted
                    || standing.hasDisposal
                {
                    refused.insert(id)
                }
            }
            return refused
        }
    }

    // MARK: Pieces

    /// It has a user again, and is no business any more of another one for whom it was made once: neither that one's
    /// export nor its erasure is to reach it.
    private static func makeOwn(
        _ customerId: String, of userId: String, _ standing: CustomerStanding, _ rows: any StoreTransaction
    ) throws(StoreError) {
        if standing.isUnlinked { try rows.unmark(customerId, .unlinked) }
        // It was archived, or to be, for the user it had; it has one again.
        if standing.isArchived { try rows.unmark(customerId, .archived) }
        if standing.disposal == .archive { try rows.removeDisposal(of: customerId, .archive) }
        if standing.isKept { try rows.unmark(customerId, .kept) }
        if standing.wasMadeForAnother { try rows.takeFromOthers(customerId, than: userId) }
    }

    /// What becomes of a customer that was made for a user who does not get it.
    private static func leave(
        _ customerId: String, madeFor userId: String, _ disposal: CreateIntent.Disposal, at now: Milliseconds,
        _ rows: any StoreTransaction
    ) throws(StoreError) {
        guard let action = Disposal.Action(rawValue: disposal.rawValue) else {
            return try rows.mark(customerId, as: .kept, at: now)
        }
        try rows.putDisposal(of: customerId, action, userId: userId, key: freshID(), at: now)
    }

    static func unlinkDeleted(_ customerId: String, _ rows: any StoreTransaction) throws(StoreError) {
        try rows.unlink(customerId)
        try rows.unmark(customerId, .archived)
        try rows.unmark(customerId, .kept)
    }
}
