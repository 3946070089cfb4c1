import JSON

/// One field that a create or update changes, checked against Stripe's rules.
struct CustomerChange {
    enum Edit {
        case set(JSONValue)
        /// Member by member; `nil` takes the member away.
        case merge([(name: String, value: JSONValue?)])
    }
    let field: String
    let edit: Edit
}

enum CustomerParameters {
    /// https://docs.stripe.com/api/customers/create
    private static let createOnly = ["payment_method", "tax_id_data", "test_clock"]
    /// https://docs.stripe.com/api/customers/update
    private static let updateOnly = ["default_source"]

    /// Accepted, and without a trace in a customer that isn't expanded; or what `Attachments` reads.
    private static let traceless = [
        "cash_balance", "expand", "payment_method", "source", "tax", "tax_id_data", "validate",
    ]

    /// - Throws: 400 for the first parameter that Stripe would refuse.
    static func changes(_ parameters: FormFields, isCreate: Bool) throws(StripeFailure) -> [CustomerChange] {
        var changes: [CustomerChange] = []
        for (name, value) in parameters.members {
            if (isCreate ? updateOnly : createOnly).contains(name) { throw StripeFailure.unknownParameter(name) }
            if traceless.contains(name) { continue }
            changes.append(CustomerChange(field: name, edit: try edit(name, value)))
        }
        return changes
    }

    private static func edit(_ name: String, _ value: FormValue) throws(StripeFailure) -> CustomerChange.Edit {
        switch name {
        case "email": .set(try email(value))
        case "name": .set(try text(name, value, max: 256))
        case "phone": .set(try text(name, value, max: 20))
        case "description": .set(try text(name, value, max: 5000))
        case "business_name", "individual_name": .set(try text(name, value, max: 150))
        case "invoice_prefix": .set(try text(name, value, max: 12))
        case "test_clock": .set(try text(name, value, max: 5000))
        case "default_source": .set(try required(text(name, value, max: 5000), name))
        case "balance", "next_invoice_sequence": .set(try integer(name, value))
        case "tax_exempt": .set(try choice(name, value, of: ["none", "exempt", "reverse"]))
        case "address": .set(try address(name, value))
        case "shipping": .set(try shipping(value))
        case "preferred_locales": .set(.array(try list(name, value)))
        case "invoice_settings": try invoiceSettings(value)
        case "metadata": try metadata(value)
        default: throw StripeFailure.unknownParameter(name)
        }
    }

    // MARK: Single values

    /// An empty text unsets.
    private static func text(_ name: String, _ value: FormValue, max: Int) throws(StripeFailure) -> JSONValue {
        guard let text = value.text else { throw StripeFailure(param: name, message: "Invalid string") }
        guard text.unicodeScalars.count <= max else {
            throw StripeFailure(
                param: name, message: "Invalid string: \(text.prefix(10))...; must be at most \(max) characters")
        }
        return text.isEmpty ? .null : .string(text)
    }

    private static func required(_ value: JSONValue, _ name: String) throws(StripeFailure) -> JSONValue {
        guard !value.isNull else { throw StripeFailure.emptyParameter(name) }
        return value
    }

    /// Stripe doesn't publish its rule. This one refuses what no mail server could take: no single `@`, white space, or
    /// a domain with empty labels.
    private static func email(_ value: FormValue) throws(StripeFailure) -> JSONValue {
        let email = try text("email", value, max: 512)
        guard let text = email.string else { return .null }
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        let isValid =
            parts.count == 2 && !parts[0].isEmpty
            && !text.unicodeScalars.contains { $0.properties.isWhitespace || $0.value < 0x20 }
            && !parts[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).contains { $0.isEmpty }
        guard isValid else {
            throw StripeFailure(code: "email_invalid", param: "email", message: "Invalid email address: \(text)")
        }
        return email
    }

    private static func integer(_ name: String, _ value: FormValue) throws(StripeFailure) -> JSONValue {
        if value.text?.isEmpty == true { throw StripeFailure.emptyParameter(name) }
        guard let text = value.text, let number = Int64(text) else {
            throw StripeFailure.invalidInteger(name, "Invalid integer: \(value.text ?? "")")
        }
        return .number(JSONNumber(number))
    }

    private static func choice(
        _ name: String, _ value: FormValue, of choices: [String]
    ) throws(StripeFailure) -> JSONValue {
        guard let text = value.text, text.isEmpty || choices.contains(text) else {
            throw StripeFailure(
                param: name, message: "Invalid \(name): must be one of \(choices.joined(separator: ", "))")
        }
        return .string(text.isEmpty ? choices[0] : text)
    }

    private static func list(_ name: String, _ value: FormValue) throws(StripeFailure) -> [JSONValue] {
        if let text = value.text, text.isEmpty { return [] }
        guard let fields = value.fields, fields.texts.count == fields.members.count else {
            throw StripeFailure(param: name, message: "Invalid array")
        }
        return fields.texts.map(JSONValue.string)
    }

    // MARK: Objects

    /// The members of an object parameter; `nil` when it is an empty text, which unsets the whole.
    private static func members(
        _ name: String, _ value: FormValue, allowed: [String]
    ) throws(StripeFailure) -> FormFields? {
        if let text = value.text, text.isEmpty { return nil }
        guard let fields = value.fields else { throw StripeFailure(param: name, message: "Invalid object") }
        for member in fields.members where !allowed.contains(member.name) {
            throw StripeFailure.unknownParameter("\(name)[\(member.name)]")
        }
        return fields
    }

    /// An address replaces the one before it.
    private static func address(_ name: String, _ value: FormValue) throws(StripeFailure) -> JSONValue {
        let names = ["city", "country", "line1", "line2", "postal_code", "state"]
        guard let fields = try members(name, value, allowed: names) else { return .null }
        var address = JSONObject()
        for member in names {
            address[member] = try text("\(name)[\(member)]", fields[member] ?? .text(""), max: 5000)
        }
        return .object(address)
    }

    private static func shipping(_ value: FormValue) throws(StripeFailure) -> JSONValue {
        guard let fields = try members("shipping", value, allowed: ["address", "name", "phone"]) else { return .null }
        guard let location = fields["address"] else { throw StripeFailure.missingParameter("shipping[address]") }
        guard let name = fields["name"] else { throw StripeFailure.missingParameter("shipping[name]") }
        return [
            "address": try address("shipping[address]", location),
            "name": try text("shipping[name]", name, max: 5000),
            "phone": try text("shipping[phone]", fields["phone"] ?? .text(""), max: 5000),
        ]
    }

    private static func invoiceSettings(_ value: FormValue) throws(StripeFailure) -> CustomerChange.Edit {
        let names = ["custom_fields", "default_payment_method", "footer", "rendering_options"]
        let fields = try members("invoice_settings", value, allowed: names)
        return .merge(fields?.members.map { ($0.name, JSONValue($0.value)) } ?? names.map { ($0, JSONValue.null) })
    }

    /// The wording is that of https://github.com/stripe/stripe-php/issues/246.
    private static func metadata(_ value: FormValue) throws(StripeFailure) -> CustomerChange.Edit {
        if let text = value.text, text.isEmpty { return .set([:]) }
        guard let fields = value.fields else { throw StripeFailure(param: "metadata", message: "Invalid object") }
        var entries: [(String, JSONValue?)] = []
        for (key, value) in fields.members {
            guard !key.isEmpty, key.unicodeScalars.count <= 40 else {
                throw StripeFailure(
                    param: "metadata", message: "Invalid key: \(key) must be a string under 40 characters")
            }
            guard let text = value.text, text.unicodeScalars.count <= 500 else {
                throw StripeFailure(
                    param: "metadata[\(key)]",
                    message: "Invalid val: \(value.text ?? "") must be a string under 500 characters")
            }
            entries.append((key, text.isEmpty ? nil : .string(text)))
        }
        return .merge(entries)
    }
}

extension JSONValue {
    /// A parameter below the top level: an empty text is null, fields without names are a list.
    fileprivate init(_ value: FormValue) {
        switch value {
        case .text(let text): self = text.isEmpty ? .null : .string(text)
        case .fields(let fields):
            if fields.members.allSatisfy({ $0.name.utf8.allSatisfy { (0x30...0x39).contains($0) } }) {
                self = .array(fields.members.map { JSONValue($0.value) })
            } else {
                self = .object(JSONObject(fields.members.map { .init($0.name, JSONValue($0.value)) }))
            }
        }
    }
}
