/// The end of an erasure: when nothing is left to be done at Stripe, the rows go, and then what the files still hold of
/// them.
extension CustomerStore {
    package func restOfErasure(of userId: String) async throws(StoreError) -> ErasureRest {
        try await read { rows throws(StoreError) in try rows.rest(ofErasureOf: userId) }
    }

    /// Erasures of which nothing is left to be done at Stripe.
    package func dueErasures() async throws(StoreError) -> [String] {
        try await read { rows throws(StoreError) in try rows.dueErasures() }
    }

    /// Scrubs the tables of a user whose erasure has begun.
    /// - Returns: How many rows went from which table; `nil` while something is left to be done at Stripe.
    package func scrub(_ userId: String) async throws(StoreError) -> [(table: String, count: Int)]? {
        try await writeRecorded(locking: [.user(userId)]) { rows, audit throws(StoreError) in
            guard try rows.rest(ofErasureOf: userId).isEmpty else { return nil }
            // Another process, or this one before a kill, has done it.
            guard let customers = try rows.customers(ofErasureOf: userId) else { return [] }
            // Registered again meanwhile: a new life, whose rows stay.
            let hasNewLife = try rows.user(userId) != nil
            let counts = try rows.removeTraces(of: userId, customers, hasNewLife: hasNewLife)
            try Self.eraseCalls(about: .customers(customers), audit.key, rows)
            if !hasNewLife { try Self.eraseCalls(about: .user(userId), audit.key, rows) }
            try rows.markScrubbed(userId)
            try audit.record("user.erased", userId: userId)
            return counts
        }
    }

    /// Ends the erasure of every user who has been scrubbed: until here the files may hold pages as they were. The whole
    /// database is written anew, about 60 MB a second, so only one process at a time is to do it.
    /// - Returns: Whether it could: another process that is reading holds it up.
    package func purge() async throws(StoreError) -> Bool {
        let scrubbed = try await read { rows throws(StoreError) in try rows.scrubbedUsers() }
        guard try await engine.removeRemnants() else { return false }
        try await write { rows throws(StoreError) in try rows.endErasures(of: scrubbed) }
        _ = try await engine.emptyLog()
        return true
    }
}

/// What of an erasure is still to be done at Stripe.
package struct ErasureRest: Sendable {
    /// A create whose outcome is unknown.
    package var hasPendingCreate: Bool
    package var customers: [String]
    package var isEmpty: Bool { !hasPendingCreate && customers.isEmpty }

    package init(hasPendingCreate: Bool, customers: [String]) {
        self.hasPendingCreate = hasPendingCreate
        self.customers = customers
    }
}
