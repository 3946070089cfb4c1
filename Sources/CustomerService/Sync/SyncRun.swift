import CustomerStore
import Stripe

/// A sync on its way.
struct SyncRun: Sendable {
    let userId: String
    let request: SyncRequest
    var claim: SyncClaim
    var outcome = SyncResult.Outcome.unchanged
    var isNewCustomer = false
    var changed: [String] = []
    var customer: Customer?
    /// How often this sync gave up on a create and began the next generation.
    var generationsBegun = 0
    /// How many fields Stripe has refused in this sync.
    var refusals = 0

    func result(_ customerId: String) -> SyncResult {
        SyncResult(
            userId: userId, customerId: customerId, outcome: outcome, isNewCustomer: isNewCustomer,
            changed: changed, customer: customer)
    }
}
