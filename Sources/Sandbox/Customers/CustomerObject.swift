import JSON

/// The customer object: https://docs.stripe.com/api/customers/object
enum CustomerObject {
    /// A customer of which nothing is known yet.
    static func fresh(id: String, created: Int64, livemode: Bool) -> JSONObject {
        [
            "id": .string(id), "object": "customer", "address": .null, "balance": 0,
            "created": .number(JSONNumber(created)), "currency": .null, "default_source": .null, "delinquent": false,
            "description": .null, "discount": .null, "email": .null,
            "invoice_prefix": .string(id.suffix(8).uppercased()),
            "invoice_settings": [
                "custom_fields": .null, "default_payment_method": .null, "footer": .null, "rendering_options": .null,
            ],
            "livemode": .bool(livemode), "metadata": [:], "name": .null, "next_invoice_sequence": 1, "phone": .null,
            "preferred_locales": [], "shipping": .null, "tax_exempt": "none", "test_clock": .null,
        ]
    }

    static func deleted(id: String) -> JSONValue { ["id": .string(id), "object": "customer", "deleted": true] }

    /// - Throws: 400 when the metadata would have more than 50 keys.
    static func apply(_ changes: [CustomerChange], to customer: inout JSONObject) throws(StripeFailure) {
        for change in changes {
            switch change.edit {
            case .set(let value): customer[change.field] = value
            case .merge(let entries):
                var object = customer[change.field]?.object ?? JSONObject()
                for entry in entries { object[entry.name] = entry.value }
                customer[change.field] = .object(object)
            }
        }
        if let metadata = customer["metadata"]?.object, metadata.count > 50 {
            throw StripeFailure(param: "metadata", message: "You can specify up to 50 metadata keys")
        }
    }

    /// What an event calls `previous_attributes`: the members that changed, with their old values, down into objects; a
    /// member that is new was `null`.
    static func previousAttributes(_ old: JSONObject, _ new: JSONObject) -> JSONObject {
        var changed = JSONObject()
        for member in old.members {
            let value = new[member.name]
            if let before = member.value.object, let after = value?.object {
                let inner = previousAttributes(before, after)
                if !inner.isEmpty { changed[member.name] = .object(inner) }
            } else if member.value != value {
                changed[member.name] = member.value
            }
        }
        for member in new.members where old[member.name] == nil { changed[member.name] = .null }
        return changed
    }
}
