package import JSON

/// A Stripe customer, or what is left of a deleted one. https://docs.stripe.com/api/customers/object
package struct Customer: Sendable {
    /// As Stripe sent it, with every field that this code doesn't know.
    package var object: JSONObject

    /// `nil` when the object is no customer with an id of the form that Stripe's have. Any other would be kept in the host's
    /// table and stand in paths.
    package init?(_ object: JSONObject) {
        guard object["object"]?.string == "customer", let id = object["id"]?.string, Self.isID(id) else { return nil }
        self.object = object
    }

    /// "Object IDs … won't exceed 255 characters" (https://docs.stripe.com/upgrades#what-changes-does-stripe-consider-to-be-backwards-compatible).
    private static func isID(_ text: String) -> Bool {
        1...255 ~= text.utf8.count
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
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
