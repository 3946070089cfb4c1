import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Carrying out an erasure that is noted on disk: at Stripe first, then in the tables, then in what the files still hold.
extension CustomerSync {
    /// Carries an erasure as far as it can be now; what is left stays queued on disk.
    /// - Returns: What was scrubbed here, when nothing is left to be done at Stripe, and the customers that Stripe doesn't know.
    func erase(
        _ userId: String, patience: Patience = .normal
    ) async -> (counts: [(table: String, count: Int)]?, unknown: [String: DisposalOutcome]) {
        var unknown: [String: DisposalOutcome] = [:]
        do throws(ServiceError) {
            if try await restOfErasure(of: userId).hasPendingCreate { try await settleCreate(of: userId, patience) }
            for customerId in try await restOfErasure(of: userId).customers {
                let outcome = try await dispose(of: customerId, patience: patience)
                if outcome != .done { unknown[customerId] = outcome }
            }
            let counts = try await stored(await store.scrub(userId))
            if counts != nil { try await purge(userId) }
            return (counts, unknown)
        } catch {
            log(.warning, "erasure.postponed", error.logFields(about: userId))
            return (nil, unknown)
        }
    }

    private func restOfErasure(of userId: String) async throws(ServiceError) -> ErasureRest {
        try await stored(await store.restOfErasure(of: userId))
    }

    /// Does what is left of an erasure here.
    func finishErasure(of userId: String) async throws(ServiceError) {
        let isScrubbed = try await stored(await store.scrub(userId) != nil)
        if isScrubbed { try await purge(userId) }
    }

    static let purgeLease = LeaseName.duty("purge")

    /// One purge ends all the erasures that wait for it.
    /// - Throws: `storage_unavailable` while a reader in another process keeps the write-ahead log from being emptied.
    private func purge(_ userId: String) async throws(ServiceError) {
        try await withLease(Self.purgeLease, "the erasures") { () async throws(ServiceError) in
            let isOver = try await withStore { () async throws(StoreError) in
                guard try await store.isErasurePending(of: userId) else { return true }
                return try await store.purge()
            }
            if !isOver {
                throw ServiceError(.storageUnavailable, "The write-ahead log can't be emptied yet", retryable: true)
            }
        }
    }

    /// Finds out whether the create has made a customer, and has it disposed of.
    private func settleCreate(of userId: String, _ patience: Patience) async throws(ServiceError) {
        var request = SyncRequest()
        request.patience = patience
        do throws(ServiceError) {
            _ = try await bringInLine(userId, request)
        } catch {
            // Settled, and no user is left to be synced.
            if error.kind != .userNotFound { throw error }
        }
    }
}
