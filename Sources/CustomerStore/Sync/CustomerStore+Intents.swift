package import Environment

extension CustomerStore {
    /// Whether a create of which the outcome is not known is under way for the user.
    package func hasPendingIntent(_ userId: String) async throws(StoreError) -> Bool {
        try await read { rows throws(StoreError) in try rows.hasPendingIntent(of: userId) }
    }

    /// Notes one more 5xx answer of Stripe's own under the intent's key.
    package func recordServerFailure(_ intent: CreateIntent) async throws(StoreError) {
        try await write { rows throws(StoreError) in try rows.countServerFailure(of: intent) }
    }

    /// Stripe refused the create as it is: the intent is settled without a customer.
    package func failIntent(_ intent: CreateIntent, at now: Milliseconds) async throws(StoreError) {
        try await write { rows throws(StoreError) in
            try rows.settle(intent, as: .failed, customerId: nil, at: now)
        }
    }

    /// The same create under another key: nothing came of it under the old one, whose saved answer is of no use.
    package func renewKey(of intent: CreateIntent, to key: String) async throws(StoreError) {
        try await write { rows throws(StoreError) in try rows.setKey(of: intent, to: key) }
    }

    /// Stripe knows of nothing that came of a create that nobody wants.
    /// - Returns: Since when.
    package func missIntent(_ intent: CreateIntent, at now: Milliseconds) async throws(StoreError) -> Milliseconds {
        try await write { rows throws(StoreError) in try rows.markMissed(intent, at: now) ?? now }
    }
}
