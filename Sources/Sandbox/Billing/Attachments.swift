import JSON
import SQLite

/// Payment methods, sources and tax ids that a customer gets with `payment_method`, `source` and `tax_id_data`.
struct Attachments: Sendable {
    private var paymentMethod: String?
    private var source: String?
    private var taxIDs: [(type: String, value: String)] = []

    /// - Throws: 400 for what no customer can be given.
    init(_ parameters: FormFields) throws(StripeFailure) {
        paymentMethod = try Self.text("payment_method", parameters)
        source = try Self.text("source", parameters)
        guard let list = parameters["tax_id_data"] else { return }
        guard let items = list.fields else { throw StripeFailure(param: "tax_id_data", message: "Invalid array") }
        for (index, item) in items.members.enumerated() {
            let name = "tax_id_data[\(index)]"
            guard let fields = item.value.fields else { throw StripeFailure(param: name, message: "Invalid object") }
            for member in fields.members where !["type", "value"].contains(member.name) {
                throw StripeFailure.unknownParameter("\(name)[\(member.name)]")
            }
            guard let type = fields["type"]?.text else { throw StripeFailure.missingParameter("\(name)[type]") }
            guard let value = fields["value"]?.text else { throw StripeFailure.missingParameter("\(name)[value]") }
            guard Self.isTaxIDType(type) else {
                throw StripeFailure(param: "\(name)[type]", message: "Invalid \(name)[type]: no such type of tax id")
            }
            taxIDs.append((type, value))
        }
    }

    /// A text that can't be unset.
    private static func text(_ name: String, _ parameters: FormFields) throws(StripeFailure) -> String? {
        guard let value = parameters[name] else { return nil }
        guard let text = value.text else { throw StripeFailure(param: name, message: "Invalid string") }
        guard !text.isEmpty else { throw StripeFailure.emptyParameter(name) }
        return text
    }

    /// `eu_vat`, `us_ein`, …: there are more than a hundred of this form, and new ones come.
    /// https://docs.stripe.com/api/customer_tax_ids/object#customer_tax_id_object-type
    private static func isTaxIDType(_ type: String) -> Bool {
        let parts = type.utf8.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
        let isLower = { (byte: UInt8) in UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte }
        return parts.count >= 2 && parts[0].count == 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(isLower) }
    }
}

/// What stands for a card in test mode. https://docs.stripe.com/testing
private struct TestCard {
    let brand: String
    let last4: String
    var isDeclined = false

    /// By the end of `pm_card_…` and `tok_…`.
    private static let cards: [String: TestCard] = [
        "visa": TestCard(brand: "visa", last4: "4242"), "visa_debit": TestCard(brand: "visa", last4: "5556"),
        "mastercard": TestCard(brand: "mastercard", last4: "4444"), "amex": TestCard(brand: "amex", last4: "8431"),
        "discover": TestCard(brand: "discover", last4: "1117"), "jcb": TestCard(brand: "jcb", last4: "0505"),
        "authenticationRequired": TestCard(brand: "visa", last4: "3184"),
        "chargeDeclined": TestCard(brand: "visa", last4: "0002", isDeclined: true),
        "chargeCustomerFail": TestCard(brand: "visa", last4: "0341"),
    ]

    init(brand: String, last4: String, isDeclined: Bool = false) {
        self.brand = brand
        self.last4 = last4
        self.isDeclined = isDeclined
    }

    init?(_ token: String, prefix: String) {
        guard token.hasPrefix(prefix), let card = Self.cards[String(token.dropFirst(prefix.count))] else { return nil }
        self = card
    }

    /// The bank is asked before a card is attached.
    func requireAccepted() throws(StripeFailure) {
        guard isDeclined else { return }
        throw StripeFailure(
            status: 402, type: "card_error", code: "card_declined", declineCode: "generic_decline",
            message: "Your card was declined.")
    }

    var details: JSONObject {
        [
            "brand": .string(brand), "country": "US", "exp_month": 12, "exp_year": 2034,
            "fingerprint": .string("sandbox\(last4)"), "funding": "credit", "last4": .string(last4),
        ]
    }
}

extension Call {
    /// Attaches to a customer that is written right after, and sets what it has of it.
    func attach(
        _ attachments: Attachments, to customer: inout JSONObject, in connection: inout Connection
    ) throws {
        guard let id = customer["id"]?.string else { return }
        // All that can be refused is asked first, so that a refusal leaves nothing behind.
        let method = try attachments.paymentMethodCard(self, in: &connection)
        let source = try attachments.sourceCard()
        try method?.requireAccepted()
        try source?.requireAccepted()
        var settings = customer["invoice_settings"]?.object ?? [:]
        // The docs' own example names the test card twice: to be attached, and as the default.
        let isDefault = attachments.isPaymentMethod(settings["default_payment_method"]?.string)
        if !isDefault { try requireDefault(in: request.parameters, of: id, &connection) }

        if let method {
            let methodID = try attach(
                .paymentMethod, to: id, type: "payment_method.attached",
                ["billing_details": [:], "card": .object(method.details), "type": "card"], in: &connection)
            if isDefault {
                settings["default_payment_method"] = .string(methodID)
                customer["invoice_settings"] = .object(settings)
            }
        }
        if let source {
            customer["default_source"] = .string(
                try attach(.card, to: id, type: "customer.source.created", source.details, in: &connection))
        }
        for taxID in attachments.taxIDFields {
            _ = try attach(.taxID, to: id, type: "customer.tax_id.created", taxID, in: &connection)
        }
    }

    /// - Throws: 400 when the default asked for is not attached to the customer.
    private func requireDefault(
        in parameters: FormFields, of customer: String, _ connection: inout Connection
    ) throws {
        let method = parameters["invoice_settings"]?.fields?["default_payment_method"]?.text
        if let method, !method.isEmpty {
            try requireAttached(
                method, to: customer, [.paymentMethod, .card], param: "invoice_settings[default_payment_method]",
                "The customer does not have a payment method with the ID \(method). The payment method must be "
                    + "attached to the customer.", in: &connection)
        }
        if let source = parameters["default_source"]?.text {
            try requireAttached(
                source, to: customer, [.card], param: "default_source", "No such source: '\(source)'",
                in: &connection)
        }
    }

    private func attach(
        _ kind: BillingKind, to customer: String, type: String, _ fields: JSONObject, in connection: inout Connection
    ) throws -> String {
        let object = try insertBilling(kind, customer: customer, fields, in: &connection)
        try record(type, object, in: &connection)
        return object["id"]?.string ?? ""
    }

    private func requireAttached(
        _ id: String, to customer: String, _ kinds: [BillingKind], param: String, _ message: String,
        in connection: inout Connection
    ) throws {
        for kind in kinds {
            let row = try connection.first(
                "SELECT 1 FROM billing WHERE account = ? AND id = ? AND kind = ? AND customer = ?",
                [account, .text(id), .text(kind.rawValue), .text(customer)])
            if row != nil { return }
        }
        throw StripeFailure(code: "resource_missing", param: param, message: message)
    }
}

extension Attachments {
    fileprivate func isPaymentMethod(_ id: String?) -> Bool {
        guard let id, let paymentMethod else { return false }
        return sameCodePoints(id, paymentMethod)
    }

    fileprivate func paymentMethodCard(_ call: Call, in connection: inout Connection) throws -> TestCard? {
        guard let paymentMethod else { return nil }
        if let card = TestCard(paymentMethod, prefix: "pm_card_") { return card }
        // All that the sandbox has is attached.
        let row = try connection.first(
            "SELECT 1 FROM billing WHERE account = ? AND id = ? AND kind = ?",
            [call.account, .text(paymentMethod), .text(BillingKind.paymentMethod.rawValue)])
        if row != nil {
            throw StripeFailure(
                message: "The payment method you provided has already been attached to a customer.")
        }
        throw StripeFailure.missing("PaymentMethod", paymentMethod, status: 400, param: "payment_method")
    }

    fileprivate func sourceCard() throws(StripeFailure) -> TestCard? {
        guard let source else { return nil }
        if let card = TestCard(source, prefix: "tok_") { return card }
        throw StripeFailure.missing(
            source.hasPrefix("tok_") ? "token" : "source", source, status: 400, param: "source")
    }

    fileprivate var taxIDFields: [JSONObject] {
        taxIDs.map { taxID in
            [
                "country": .string(taxID.type.prefix(2).uppercased()), "type": .string(taxID.type),
                "value": .string(taxID.value), "verification": ["status": "pending"],
            ]
        }
    }
}
