import JSON
import Stripe

/// What a caller of a sync may ask for beyond the ordinary.
package struct SyncRequest: Sendable {
    /// Ask Stripe whether the linked customer still lives.
    var verify = false
    /// The address that the host vouches for, to the letter: a customer of it may be adopted.
    var vouchedEmail: String?
    /// Further fields for a customer that has to be made.
    var extraFields: JSONObject = [:]
    var patience = Patience.normal
    /// Send also what Stripe has refused and the user has not changed since.
    var retriesRefused = false
}
