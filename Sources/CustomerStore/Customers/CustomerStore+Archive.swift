package import Environment

extension CustomerStore {
    /// The customer is synced again; what its user changed meanwhile goes into the queue.
    package func markRestored(_ customerId: String, at now: Milliseconds) async throws(StoreError) {
        try await writeRecorded(locking: [.customer(customerId)]) { rows, audit throws(StoreError) in
            try rows.unmark(customerId, .archived)
            try rows.removeDisposal(of: customerId, .archive)
            let userId = try rows.holder(of: customerId)
            if let userId { try Self.enqueue(userId, at: now, rows) }
            try audit.record("customer.restored", userId: userId, customerId: customerId)
        }
    }
}
