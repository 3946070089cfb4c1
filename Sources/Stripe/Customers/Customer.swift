package import JSON

/// A Stripe customer, or what is left of a deleted one. https://docs.stripe.com/api/customers/object
package struct Customer: Sendable {
    /// As Stripe sent it, with every field that this code doesn't know.
    package var object: JSONObject

    /// `nil` when the object is no customer with an id.
    package init?(_ object: JSONObject) {
        guard object["object"]?.string == "customer", let id = object["id"]?.string, !id.isEmpty else { return nil }
        self.object = object
    }

    package var id: String { object["id"]?.string ?? "" }
    /// A deleted customer is `{id, object, deleted: true}` and nothing more.
    package var isDeleted: Bool { object["deleted"]?.bool ?? false }
    package var email: String? { object["email"]?.string }
    package var name: String? { object["name"]?.string }
    package var phone: String? { object["phone"]?.string }
    package var metadata: JSONObject? { object["metadata"]?.object }
    /// Seconds since 1970.
    package var created: Int64? { object["created"]?.int64 }
}
