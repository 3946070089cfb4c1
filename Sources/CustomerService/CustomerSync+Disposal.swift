internal import CustomerStore
internal import Environment
internal import JSON
internal import Stripe

/// Archiving and deleting customers at Stripe, noted on disk before Stripe is asked and completed after a kill.
extension CustomerSync {
    /// Carries out what is noted for a customer, unless somebody else has done so meanwhile.
    /// - Throws: `ServiceError`; the disposal is then queued for later, or parked when Stripe refuses it.
    func dispose(of customerId: String, patience: Patience = .normal) async throws(ServiceError) {
        try await withLease(on: customerId) { () async throws(ServiceError) in
            let noted = try await stored { () async throws(StoreError) in
                try await store.disposalToCarryOut(of: customerId)
            }
            guard let disposal = noted else { return }
            do throws(ServiceError) {
                switch disposal.action {
                case .archive: try await archive(disposal, patience)
                case .delete: try await delete(disposal.customerId, patience)
                }
            } catch {
                let isFinal = error.isFinal
                let delay = Backoff.delay(
                    afterAttempts: disposal.attempts.addingSaturated(1), fraction: identifiers.fraction())
                let notBefore = isFinal ? nil : clock.now() + delay
                try await stored { () async throws(StoreError) in
                    try await store.postponeDisposal(
                        disposal.customerId, notBefore: notBefore, errorType: error.kind.rawValue, error: error.message)
                }
                throw error
            }
            try await stored { () async throws(StoreError) in
                try await store.finishDisposal(disposal.customerId, disposal.action)
            }
        }
    }

    /// Marks the customer; one that is gone already needs no mark.
    private func archive(_ disposal: Disposal, _ patience: Patience) async throws(ServiceError) {
        do throws(StripeError) {
            _ = try await stripe.updateCustomer(
                disposal.customerId, Self.archiveMark(at: disposal.requestedAt),
                idempotencyKey: SyncKey.archive.of(disposal.idempotencyKey), patience: patience)
        } catch {
            if error.kind != .notFound { throw ServiceError(error, customerId: disposal.customerId) }
        }
    }

    /// Deletes it; one that is gone already is as good. DELETE is idempotent and takes no key.
    private func delete(_ customerId: String, _ patience: Patience) async throws(ServiceError) {
        do throws(StripeError) {
            _ = try await stripe.deleteCustomer(customerId, patience: patience)
        } catch {
            if error.kind != .notFound { throw ServiceError(error, customerId: customerId) }
        }
    }

    static func archiveMark(at time: Milliseconds) -> JSONObject {
        ["metadata": [ProfileFields.archivedAtName: .string(rfc3339(time))]]
    }
}
