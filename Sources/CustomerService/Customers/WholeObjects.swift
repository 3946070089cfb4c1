import JSON

/// Objects of a customer that Stripe takes as a whole: an address that is sent replaces the one that was there, with all
/// that it leaves out. To a host a member left out stays as it is, so it is added from what the customer has.
///
/// All else Stripe changes member by member (`metadata`, `invoice_settings`, `tax`), or it is one value (a list).
enum WholeObjects {
    private static let address = ["city", "country", "line1", "line2", "postal_code", "state"]
    private static let shipping = ["address", "name", "phone"]
    private static let rendering = ["amount_tax_display", "template"]

    /// Whether the change leaves out something of such an object, so that what the customer has is to be asked for.
    static func isPartial(_ fields: JSONObject) -> Bool {
        let shipping = fields["shipping"]?.object
        return isPartial(fields["address"], address) || isPartial(fields["shipping"], Self.shipping)
            || isPartial(shipping?["address"], address)
            || isPartial(fields["invoice_settings"]?["rendering_options"], rendering)
    }

    /// The change with what it leaves out of such objects.
    static func completed(_ fields: JSONObject, from customer: JSONObject) -> JSONObject {
        var whole = fields
        whole["address"] = completed(fields["address"], from: customer["address"], address)
        if var shipping = fields["shipping"]?.object, let present = customer["shipping"]?.object {
            shipping["address"] = completed(shipping["address"], from: present["address"], address)
            whole["shipping"] = completed(.object(shipping), from: .object(present), Self.shipping)
        }
        if var settings = fields["invoice_settings"]?.object {
            settings["rendering_options"] = completed(
                settings["rendering_options"], from: customer["invoice_settings"]?["rendering_options"], rendering)
            whole["invoice_settings"] = .object(settings)
        }
        return whole
    }

    /// An object without members changes nothing, and null is for the whole.
    private static func isPartial(_ change: JSONValue?, _ names: [String]) -> Bool {
        guard let change = change?.object, !change.isEmpty else { return false }
        return names.contains { isLeftOut($0, change) }
    }

    private static func isLeftOut(_ name: String, _ change: JSONObject) -> Bool {
        change[name].map { $0.object?.isEmpty == true } ?? true
    }

    private static func completed(_ change: JSONValue?, from present: JSONValue?, _ names: [String]) -> JSONValue? {
        guard isPartial(change, names), var whole = change?.object, let present = present?.object else { return change }
        for name in names where isLeftOut(name, whole) {
            if let value = present[name], !value.isNull { whole[name] = value }
        }
        return .object(whole)
    }
}
