package import Environment
import JSON

/// An erasure that is on disk.
package struct BegunErasure: Sendable {
    package var customers: [String]
    /// Of calls under the host's keys it is kept, as keyed hashes, that they came.
    package var keepsKeys: Bool
}

/// Erasing a user: noted on disk with everything that is to be deleted at Stripe, carried out piece by piece, and over
/// only when nothing is left, the write-ahead log included.
extension CustomerStore {
    /// The customers that go with a user: the one that it has, and those that are disposed of for it. One that was taken
    /// away from it, or is another user's by now, is not among them.
    /// - Parameters:
    ///   - others: Those of which Stripe has said that they are the user's.
    ///   - excepted: Those of which it has said that they are not.
    /// - Returns: `nil` when nothing is known of the user.
    package func customersToErase(
        with userId: String, and others: [String] = [], but excepted: [String] = []
    ) async throws(StoreError) -> [String]? {
        try await read { rows throws(StoreError) in
            let customers = try rows.customersToErase(with: userId, and: others, but: excepted)
            return try rows.isKnown(userId) ? customers : nil
        }
    }

    /// Customers that were made for a user earlier and that nobody has now. Another program may have linked them to
    /// somebody else meanwhile: whose they are by now only Stripe can tell.
    package func formerCustomers(of userId: String) async throws(StoreError) -> [String] {
        try await read { rows throws(StoreError) in try rows.formerCustomers(of: userId) }
    }

    /// Customers that were made for a user and taken away from it since: somebody else's by now, or nobody's.
    package func customersTakenAway(from userId: String) async throws(StoreError) -> [String] {
        try await read { rows throws(StoreError) in try rows.customersTakenAway(from: userId) }
    }

    /// Deletes the user here and notes its customers for deletion at Stripe, in one transaction. From here on the erasure
    /// is carried out whatever happens.
    /// - Parameters:
    ///   - others: Customers of which Stripe has said that they are the user's.
    ///   - excepted: Those of which it has said that they are not: nothing is done with them.
    /// - Returns: `nil` when nothing is known of the user.
    package func beginErasure(
        of userId: String, and others: [String], but excepted: [String] = [], under key: HostKey?,
        at now: Milliseconds
    ) async throws(StoreError) -> BegunErasure? {
        try await writeRecorded(locking: [.user(userId)] + Self.locks(key)) { rows, audit throws(StoreError) in
            try Self.requireFirst(key, audit.key, rows)
            guard try rows.isKnown(userId) else { return nil }
            let customers = try rows.customersToErase(with: userId, and: others, but: excepted)
            try rows.lock((customers + excepted).map { .customer($0) })
            try rows.putErasure(of: userId, customers: customers, at: now)
            try rows.deleteUser(userId)
            try rows.setDisposal(ofPendingIntentOf: userId, to: .delete)
            for customerId in excepted { try rows.removeDisposal(of: customerId, nil) }
            for customerId in customers {
                try rows.putDisposal(of: customerId, .delete, userId: userId, key: Self.freshID(), at: now)
                try rows.unmark(customerId, .archived)
            }
            try Self.noteDone(key, userId: userId, audit.key, at: now, rows)
            // At once: what is registered under the id from here on is another life.
            let keys = try Self.eraseCalls(about: .user(userId), audit.key, rows)
            try audit.record(
                "user.erasure_begun", userId: userId, customerId: customers.first,
                details: ["customers": .number(JSONNumber(customers.count))])
            return BegunErasure(customers: customers, keepsKeys: keys > 0)
        }
    }

    /// Whether an address is the user's or was: its row has it, or the audit log knows it by its keyed hash, of this life of
    /// the id. What was refused, and what somebody else was about, is no proof.
    package func isAddress(_ email: String, of userId: String) async throws(StoreError) -> Bool {
        let key = audit.key
        return try await read { rows throws(StoreError) in
            let user = try rows.user(userId)
            if let own = user?.email, sameAddress(own, email) { return true }
            // Somebody else may have had the id before the user who has it.
            return try rows.hasAuditedAddress(
                hash: key.hash(email), of: key.reference(userId), inThisLife: user != nil)
        }
    }

    package func isErasurePending(of userId: String) async throws(StoreError) -> Bool {
        try await read { rows throws(StoreError) in try rows.hasErasure(of: userId) }
    }
}
