package import Environment
package import JSON
import SQLite

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
        return try await writeRecorded { connection, audit throws(StoreError) in
            guard try Self.holds(.user(userId), owner, &connection) else { return .lost }
            // As it is now: the user may have been deleted since the claim.
            let choice = try intent.map { intent throws(StoreError) in try Self.disposal(of: intent, &connection) }
            if let intent {
                try Self.settle(intent, as: "linked", customerId: customerId, at: now, &connection)
            }
            if let other = try Self.linkedUser(of: customerId, &connection), !sameCodePoints(other, userId) {
                throw .customerTaken(customerId: customerId, userId: other)
            }
            let user = try Self.user(userId, &connection)
            let disposal = choice ?? nil
            // A disposal says that the user for whom it was made is gone, whoever has the id by now.
            let isWanted = user != nil && (user?.customerId == customerId || user?.customerId == nil && disposal == nil)
            guard isWanted else {
                if created, disposal == .keep {
                    try Self.keep(customerId, at: now, &connection)
                } else if created {
                    let action = (disposal ?? .archive).rawValue
                    try Self.insertDisposal(customerId, userId: userId, action, at: now, &connection)
                }
                if created {
                    try audit.record("customer.superfluous", userId: userId, customerId: customerId, &connection)
                }
                if user == nil {
                    try connection.change("DELETE FROM sync_queue WHERE user_id = ?", [.text(userId)])
                }
                try Self.release(.user(userId), owner, &connection)
                return .disposed
            }
            try Self.writeUsers(
                .link, "UPDATE users SET stripe_customer_id = ? WHERE id = ? AND stripe_customer_id IS NULL",
                [.text(customerId), .text(userId)], &connection)
            if user?.customerId == nil {
                try audit.record(
                    created ? "customer.created" : "customer.adopted", userId: userId, customerId: customerId,
                    details: ["email": audit.personal(profile["email"]?.string) ?? .null], &connection)
            }
            try Self.makeOwn(customerId, of: userId, &connection)
            try Self.recordSynced(
                userId, customerId, profile, edits: edits, completing: change, at: now, &connection)
            let claim = try Self.situation(userId, at: now, draft: { _ in nil }, &connection)
            guard let user = claim.user, isComplete, claim.change == nil else { return .linked(claim) }
            try Self.release(.user(userId), owner, &connection)
            return .settled(user)
        }
    }

    /// The customer is gone at Stripe: the user has none from now on.
    package func unlinkDeleted(_ customerId: String) async throws(StoreError) {
        try await writeRecorded { connection, audit throws(StoreError) in
            let userId = try Self.linkedUser(of: customerId, &connection)
            try Self.unlinkDeleted(customerId, &connection)
            if let userId {
                try audit.record("customer.gone", userId: userId, customerId: customerId, &connection)
            }
        }
    }

    /// Takes a customer away from its user because the host says so; no look-up will adopt it again.
    /// - Returns: The user as it is now; `nil` when the user does not have this customer.
    /// - Throws: `.callOvertaken`.
    package func unlink(
        _ customerId: String, from userId: String, under key: HostKey? = nil, at now: Milliseconds
    ) async throws(StoreError) -> User? {
        try await writeRecorded { connection, audit throws(StoreError) in
            try Self.requireFirst(key, audit.key, &connection)
            guard var user = try Self.user(userId, &connection), user.customerId == customerId else { return nil }
            try Self.complete(key, userId: userId, customerId: customerId, audit.key, at: now, &connection)
            try audit.record("customer.unlinked", userId: userId, customerId: customerId, &connection)
            try Self.writeUsers(
                .link, "UPDATE users SET stripe_customer_id = NULL WHERE id = ?", [.text(userId)], &connection)
            try connection.change(
                "INSERT INTO unlinked_customers (customer_id, unlinked_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [.text(customerId), .integer(now)])
            try connection.change("DELETE FROM sync_queue WHERE user_id = ?", [.text(userId)])
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
        try await writeRecorded { connection, audit throws(StoreError) in
            guard var user = try Self.user(userId, &connection) else { return nil }
            if let other = try Self.linkedUser(of: customerId, &connection), !sameCodePoints(other, userId) {
                throw .customerTaken(customerId: customerId, userId: other)
            }
            guard user.customerId == nil || user.customerId == customerId else { return user }
            try Self.complete(key, userId: userId, customerId: customerId, audit.key, at: now, &connection)
            guard user.customerId == nil else { return user }
            let doom = try connection.row(
                "SELECT 1 FROM disposals WHERE customer_id = ? AND action = 'delete'", [.text(customerId)])
            if doom != nil { throw .customerDoomed(customerId: customerId) }
            try Self.writeUsers(
                .link, "UPDATE users SET stripe_customer_id = ? WHERE id = ?", [.text(customerId), .text(userId)],
                &connection)
            try Self.makeOwn(customerId, of: userId, &connection)
            try connection.change(
                "UPDATE create_intents SET disposal = 'archive' WHERE user_id = ? AND state = 'pending'",
                [.text(userId)])
            try Self.enqueue(userId, at: now, &connection)
            try audit.record("customer.linked", userId: userId, customerId: customerId, &connection)
            user.customerId = customerId
            return user
        }
    }

    /// Which of these customers a look-up must not adopt for the user: linked to another one, taken away by the host,
    /// kept when its user was deleted, archived or about to be disposed of, or reported as deleted (search may still find it
    /// for a while).
    package func unadoptable(_ customerIds: [String], for userId: String) async throws(StoreError) -> Set<String> {
        try await read { connection throws(StoreError) in
            var refused: Set<String> = []
            for id in customerIds {
                let row = try connection.row(
                    """
                    SELECT EXISTS (SELECT 1 FROM users WHERE stripe_customer_id = ?1 AND CAST(id AS TEXT) <> ?2)
                        OR EXISTS (SELECT 1 FROM unlinked_customers WHERE customer_id = ?1)
                        OR EXISTS (SELECT 1 FROM archived_customers WHERE customer_id = ?1)
                        OR EXISTS (SELECT 1 FROM kept_customers WHERE customer_id = ?1)
                        OR EXISTS (SELECT 1 FROM disposals WHERE customer_id = ?1)
                        OR EXISTS (SELECT 1 FROM customer_news WHERE customer_id = ?1 AND deleted = 1)
                    """, [.text(id), .text(userId)])
                if row?.bool(0) == true { refused.insert(id) }
            }
            return refused
        }
    }

    // MARK: Pieces

    static func linkedUser(of customerId: String, _ connection: inout Connection) throws(StoreError) -> String? {
        try connection.row("SELECT CAST(id AS TEXT) FROM users WHERE stripe_customer_id = ?", [.text(customerId)])?
            .text(0)
    }

    /// It has a user again, and is no business any more of another one for whom it was made once: neither that one's
    /// export nor its erasure is to reach it.
    private static func makeOwn(
        _ customerId: String, of userId: String, _ connection: inout Connection
    ) throws(StoreError) {
        try connection.change("DELETE FROM unlinked_customers WHERE customer_id = ?", [.text(customerId)])
        // It was archived, or to be, for the user it had; it has one again.
        try connection.change("DELETE FROM archived_customers WHERE customer_id = ?", [.text(customerId)])
        try connection.change(
            "DELETE FROM disposals WHERE customer_id = ? AND action = 'archive'", [.text(customerId)])
        try connection.change("DELETE FROM kept_customers WHERE customer_id = ?", [.text(customerId)])
        try connection.change(takeFromOthers, [.text(customerId), .text(userId)])
    }

    static let takeFromOthers = "UPDATE create_intents SET customer_id = NULL WHERE customer_id = ? AND user_id <> ?"

    static func unlinkDeleted(_ customerId: String, _ connection: inout Connection) throws(StoreError) {
        try writeUsers(
            .link, "UPDATE users SET stripe_customer_id = NULL WHERE stripe_customer_id = ?", [.text(customerId)],
            &connection)
        try connection.change("DELETE FROM archived_customers WHERE customer_id = ?", [.text(customerId)])
        try connection.change("DELETE FROM kept_customers WHERE customer_id = ?", [.text(customerId)])
    }

    /// Its user is deleted and it stays as it is: nobody who has the id later gets it by a look-up.
    static func keep(
        _ customerId: String, at now: Milliseconds, _ connection: inout Connection
    ) throws(StoreError) {
        try connection.change(
            "INSERT INTO kept_customers (customer_id, kept_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [.text(customerId), .integer(now)])
    }
}
