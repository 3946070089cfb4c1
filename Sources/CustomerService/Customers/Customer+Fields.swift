import JSON
import Stripe

extension Customer {
    /// What Stripe takes and does not show.
    private static let unseen: Set<String> = ["source", "payment_method", "tax_id_data", "validate"]

    /// Whether the customer is as these fields of an update or a create say, as far as that shows: an object is compared by
    /// the members that are given, and null is met by what is not there.
    func has(_ fields: JSONObject) -> Bool {
        let shown = fields.members.filter { !Self.unseen.contains($0.name) }
        return !shown.isEmpty && shown.allSatisfy { Self.isMet($0.value, by: object[$0.name]) }
    }

    private static func isMet(_ wanted: JSONValue, by present: JSONValue?) -> Bool {
        switch wanted {
        case .null: present?.isNull ?? true || present == "" || present?.object?.isEmpty == true
        case .object(let members): members.members.allSatisfy { isMet($0.value, by: present?[$0.name]) }
        default: present == wanted
        }
    }
}
