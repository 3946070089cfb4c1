import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Adopting a customer that nobody owns, by an address that the host vouches for.
extension CustomerSync {
    /// A customer of the address that the host vouches for, if nobody owns it. An address that is only claimed never
    /// leads to a customer: that would hand one user's cards and invoices to another. Nor does one that was vouched for
    /// once and is not, to the letter, what is sent and what the user has now.
    func adoptByEmail(
        _ intent: CreateIntent, _ user: User, _ run: SyncRun
    ) async throws(ServiceError) -> Customer? {
        guard let vouched = vouchedEmail(intent, run),
            [intent.fields["email"]?.string, user.email].allSatisfy({ sameCodePoints($0 ?? "", vouched) })
        else { return nil }
        let candidates = try await lookup.unowned(email: vouched, for: user.id, patience: run.request.patience)
        if candidates.count < 2, candidates.first?.hasRoomForMarks(under: store.app) != false {
            return candidates.first
        }
        if !intent.isRecovered {
            // It was never sent, and must not be by a later attempt.
            try await stored(await store.failIntent(intent, at: clock.now()))
        }
        throw candidates.count > 1 ? Self.ambiguous(candidates, user) : Self.full(candidates[0], user)
    }

    /// What the call vouches for, else what the one did of which the intent came, if that was about this user.
    func vouchedEmail(_ intent: CreateIntent, _ run: SyncRun) -> String? {
        run.request.vouchedEmail ?? (intent.disposal == nil ? intent.vouchedEmail : nil)
    }

    private static func ambiguous(_ candidates: [Customer], _ user: User) -> ServiceError {
        ServiceError(
            .ambiguousCustomer, "Several customers have the user's email; link the right one with linkCustomer",
            details: ["userId": .string(user.id), "candidates": .array(candidates.map { .string($0.id) })])
    }

    private static func full(_ customer: Customer, _ user: User) -> ServiceError {
        ServiceError(
            .customerAlreadyExists,
            "The customer with the user's email has \(customer.metadata?.count ?? 0) metadata keys, which leaves no room"
                + " for the marks of its user; unset some with updateCustomer, then call ensureCustomerExists",
            details: [
                "userId": .string(user.id), "customerId": .string(customer.id), "candidates": [.string(customer.id)],
            ])
    }
}
