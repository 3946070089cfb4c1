import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// What became of a customer that was to be archived or deleted.
enum DisposalOutcome: Sendable {
    case done
    /// Stripe knows no such customer (any more): nothing is left to be done.
    case missing
    /// The key's mode has none, the other one does; that one stays as it is.
    case inOtherMode
    /// It carries another application's mark, and stays as it is.
    case anothers
}

/// Archiving and deleting customers at Stripe, noted on disk before Stripe is asked and completed after a kill.
extension CustomerSync {
    /// Carries out what is noted for a customer, unless somebody else has done so meanwhile. One that carries another
    /// application's mark is left as it is.
    /// - Throws: `ServiceError`; the disposal is then queued for later.
    @discardableResult
    func dispose(of customerId: String, patience: Patience = .normal) async throws(ServiceError) -> DisposalOutcome {
        try await withLease(on: customerId) { () async throws(ServiceError) in
            let noted = try await stored(await store.disposalToCarryOut(of: customerId))
            guard let disposal = noted else { return .done }
            let outcome: DisposalOutcome
            do throws(ServiceError) {
                outcome = try await carryOut(disposal, patience)
                if outcome == .anothers {
                    log(.warning, "disposal.anothers", ["customerId": .string(customerId)])
                    try await stored(await store.dropDisposal(customerId))
                    return outcome
                }
            } catch {
                let delay = Backoff.delay(
                    afterAttempts: disposal.attempts.addingSaturated(1), fraction: identifiers.fraction())
                // No user's data is sent here, so no user can mend it.
                let isForOperator = error.awaited == .operator || error.isFinal
                try await stored(
                    await store.postponeDisposal(
                        disposal.customerId, notBefore: clock.now() + delay, forOperator: isForOperator,
                        errorType: error.kind.rawValue, error: error.message))
                notice.raise(error, log)
                throw error
            }
            let gone = outcome == .done ? nil : ServiceError.Kind.customerNotFound.rawValue
            try await stored(await store.finishDisposal(disposal.customerId, disposal.action, gone: gone))
            return outcome
        }
    }

    private func carryOut(
        _ disposal: Disposal, _ patience: Patience
    ) async throws(ServiceError) -> DisposalOutcome {
        let customer: Customer
        do throws(StripeError) {
            customer = try await stripe.retrieveCustomer(disposal.customerId, patience: patience).value
        } catch {
            return try gone(error, disposal.customerId)
        }
        guard !customer.isDeleted else { return .missing }
        guard try await store.ownership(of: customer) != .anothers else { return .anothers }
        let fields =
            disposal.action == .archive ? try ArchiveMark.fields(archiving: customer, at: disposal.requestedAt) : [:]
        do throws(StripeError) {
            switch disposal.action {
            case .archive where fields.isEmpty: break
            case .archive:
                _ = try await stripe.updateCustomer(
                    customer.id, fields, idempotencyKey: SyncKey.archive.of(disposal.idempotencyKey),
                    patience: patience)
            // DELETE is idempotent and takes no key.
            case .delete: _ = try await stripe.deleteCustomer(customer.id, patience: patience)
            }
            return .done
        } catch {
            return try gone(error, disposal.customerId)
        }
    }

    /// One that is gone already is as good.
    private func gone(_ error: StripeError, _ customerId: String) throws(ServiceError) -> DisposalOutcome {
        guard error.missing == .customer else { throw ServiceError(error, customerId: customerId) }
        return error.existsInOtherMode ? .inOtherMode : .missing
    }
}
