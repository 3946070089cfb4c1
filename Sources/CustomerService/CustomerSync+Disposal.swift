internal import CustomerStore
internal import Environment
internal import JSON
internal import Stripe

/// What became of a customer that was to be archived or deleted.
enum DisposalOutcome: Sendable {
    case done
    /// Stripe knows no such customer (any more): nothing is left to be done.
    case missing
    /// The key's mode has none, the other one does; that one stays as it is.
    case inOtherMode
}

/// Archiving and deleting customers at Stripe, noted on disk before Stripe is asked and completed after a kill.
extension CustomerSync {
    /// Carries out what is noted for a customer, unless somebody else has done so meanwhile.
    /// - Throws: `ServiceError`; the disposal is then queued for later.
    @discardableResult
    func dispose(of customerId: String, patience: Patience = .normal) async throws(ServiceError) -> DisposalOutcome {
        try await withLease(on: customerId) { () async throws(ServiceError) in
            let noted = try await stored { () async throws(StoreError) in
                try await store.disposalToCarryOut(of: customerId)
            }
            guard let disposal = noted else { return .done }
            let outcome: DisposalOutcome
            do throws(ServiceError) {
                switch disposal.action {
                case .archive: outcome = try await archive(disposal, patience)
                case .delete: outcome = try await delete(disposal.customerId, patience)
                }
            } catch {
                let delay = Backoff.delay(
                    afterAttempts: disposal.attempts.addingSaturated(1), fraction: identifiers.fraction())
                // No user's data is sent here, so no user can mend it.
                let isForOperator = error.awaited == .operator || error.isFinal
                try await stored { () async throws(StoreError) in
                    try await store.postponeDisposal(
                        disposal.customerId, notBefore: clock.now() + delay, forOperator: isForOperator,
                        errorType: error.kind.rawValue, error: error.message)
                }
                notice.raise(error, log)
                throw error
            }
            let gone = outcome == .done ? nil : ServiceError.Kind.customerNotFound.rawValue
            try await stored { () async throws(StoreError) in
                try await store.finishDisposal(disposal.customerId, disposal.action, gone: gone)
            }
            return outcome
        }
    }

    /// Marks the customer; one that is gone already needs no mark.
    private func archive(_ disposal: Disposal, _ patience: Patience) async throws(ServiceError) -> DisposalOutcome {
        try await dispose(of: disposal.customerId) { () async throws(StripeError) in
            _ = try await stripe.updateCustomer(
                disposal.customerId, Self.archiveMark(at: disposal.requestedAt),
                idempotencyKey: SyncKey.archive.of(disposal.idempotencyKey), patience: patience)
        }
    }

    /// Deletes it; one that is gone already is as good. DELETE is idempotent and takes no key.
    private func delete(_ customerId: String, _ patience: Patience) async throws(ServiceError) -> DisposalOutcome {
        try await dispose(of: customerId) { () async throws(StripeError) in
            _ = try await stripe.deleteCustomer(customerId, patience: patience)
        }
    }

    private func dispose(
        of customerId: String, _ act: () async throws(StripeError) -> Void
    ) async throws(ServiceError) -> DisposalOutcome {
        do throws(StripeError) {
            try await act()
            return .done
        } catch {
            guard error.missing == .customer else { throw ServiceError(error, customerId: customerId) }
            return error.existsInOtherMode ? .inOtherMode : .missing
        }
    }

    static func archiveMark(at time: Milliseconds) -> JSONObject {
        ["metadata": [ProfileFields.archivedAtName: .string(rfc3339(time))]]
    }
}
