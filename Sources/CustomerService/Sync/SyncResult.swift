import CustomerStore
package import Stripe

/// How a user and its customer came to be in step.
package struct SyncResult: Sendable {
    package enum Outcome: String, Sendable { case created, updated, unchanged, relinked }

    package var userId: String
    package var customerId: String
    package var outcome: Outcome
    /// The customer was made for this user, in this sync or in an earlier attempt that this one settled.
    package var isNewCustomer: Bool
    /// The fields that were sent.
    package var changed: [String]
    /// The customer as Stripe last answered it in this sync.
    package var customer: Customer?
    /// The fields that Stripe refuses; everything else is in line.
    var refused: [RefusedField] = []
}
