import HTTP
import JSON
import Testing

@Suite("What hangs on a customer in the sandbox")
struct AttachmentTests {
    @Test(
        "A list for a customer that there never was says so; a deleted one's is there",
        arguments: ["subscriptions", "invoices"])
    func unknownCustomer(list: String) async throws {
        let sandbox = try StripeSandbox()
        let answer = try await sandbox.send(.get, "/v1/\(list)", "customer=cus_none")
        #expect(answer.status == 400 && answer.errorCode == "resource_missing" && answer.param == "customer")
        #expect(answer.message == "No such customer: 'cus_none'")
        let id = try await sandbox.create()
        #expect(try await sandbox.send(.get, "/v1/\(list)", "customer=\(id)").status == 200)
        #expect(try await sandbox.send(.get, "/v1/\(list)", "customer=\(id)", account: "acct_1").status == 400)
        try await sandbox.send(.delete, "/v1/customers/\(id)")
        #expect(try await sandbox.send(.get, "/v1/\(list)", "customer=\(id)").ids == [])
    }

    @Test("A test card is attached at creation, and may be the default at once")
    func paymentMethod() async throws {
        let sandbox = try StripeSandbox()
        let customer = try await sandbox.send(
            .post, "/v1/customers",
            "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa", key: "k")
        let methods = try await sandbox.send(.get, "/v1/customers/\(customer.id)/payment_methods", "type=card")
        #expect(methods.ids.count == 1 && methods.ids[0].hasPrefix("pm_") && methods.ids[0] != "pm_card_visa")
        #expect(methods.json["data"]?.array?[0]["card"]?["last4"] == "4242")
        #expect(customer.json["invoice_settings"]?["default_payment_method"]?.string == methods.ids[0])
        // A repetition attaches nothing more.
        try await sandbox.send(
            .post, "/v1/customers",
            "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa", key: "k")
        #expect(try await sandbox.send(.get, "/v1/customers/\(customer.id)/payment_methods").ids.count == 1)
        let again = try await sandbox.send(.post, "/v1/customers", "payment_method=\(methods.ids[0])")
        #expect(again.status == 400 && again.message?.contains("already been attached") == true)
    }

    @Test("A source becomes the default one, at creation and later; another can only be chosen when it is there")
    func source() async throws {
        let sandbox = try StripeSandbox()
        let first = try await sandbox.send(.post, "/v1/customers", "source=tok_visa")
        let card = first.json["default_source"]?.string ?? ""
        #expect(card.hasPrefix("card_"))
        let path = "/v1/customers/\(first.id)"
        let second = try await sandbox.send(.post, path, "source=tok_mastercard")
        #expect(second.json["default_source"]?.string?.hasPrefix("card_") == true)
        #expect(second.json["default_source"]?.string != card)
        #expect(try await sandbox.send(.post, path, "default_source=\(card)").json["default_source"]?.string == card)
        let stranger = try await sandbox.create()
        let foreign = try await sandbox.send(.post, "/v1/customers/\(stranger)", "default_source=\(card)")
        #expect(foreign.status == 400 && foreign.errorCode == "resource_missing" && foreign.param == "default_source")
    }

    @Test("Tax ids are attached at creation, and gone with the customer")
    func taxIDs() async throws {
        let sandbox = try StripeSandbox()
        let id = try await sandbox.create(
            "tax_id_data[0][type]=eu_vat&tax_id_data[0][value]=DE123456789"
                + "&tax_id_data[1][type]=us_ein&tax_id_data[1][value]=12-3456789")
        let list = try await sandbox.send(.get, "/v1/customers/\(id)/tax_ids")
        #expect(list.json["data"]?.array?.compactMap { $0["type"]?.string } == ["us_ein", "eu_vat"])
        #expect(
            list.json["data"]?.array?[1]["value"] == "DE123456789" && list.json["data"]?.array?[1]["country"] == "EU")
        try await sandbox.send(.delete, "/v1/customers/\(id)")
        #expect(try await sandbox.send(.get, "/v1/customers/\(id)/tax_ids").ids == [])
        let unknown = try await sandbox.send(.get, "/v1/customers/cus_none/tax_ids")
        #expect(unknown.status == 404 && unknown.errorCode == "resource_missing" && unknown.param == "id")
    }

    @Test(
        "What can't be attached makes no customer",
        arguments: [
            ("payment_method=pm_none", 400, "resource_missing", "payment_method"),
            ("payment_method=", 400, "parameter_invalid_empty", "payment_method"),
            ("payment_method=pm_card_chargeDeclined", 402, "card_declined", nil),
            ("source=tok_none", 400, "resource_missing", "source"),
            ("source=src_none", 400, "resource_missing", "source"),
            ("source=tok_chargeDeclined", 402, "card_declined", nil),
            ("source=", 400, "parameter_invalid_empty", "source"),
            ("default_source=card_1", 400, "parameter_unknown", "default_source"),
            ("balance=", 400, "parameter_invalid_empty", "balance"),
            (
                "invoice_settings[default_payment_method]=pm_none", 400, "resource_missing",
                "invoice_settings[default_payment_method]"
            ),
            (
                "invoice_settings[default_payment_method]=pm_card_visa", 400, "resource_missing",
                "invoice_settings[default_payment_method]"
            ),
            (
                "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_other", 400,
                "resource_missing",
                "invoice_settings[default_payment_method]"
            ),
            ("tax_id_data=x", 400, "invalid_request_error", "tax_id_data"),
            ("tax_id_data[0][type]=eu_vat", 400, "parameter_missing", "tax_id_data[0][value]"),
            ("tax_id_data[0][value]=1", 400, "parameter_missing", "tax_id_data[0][type]"),
            ("tax_id_data[0][type]=vat&tax_id_data[0][value]=1", 400, "invalid_request_error", "tax_id_data[0][type]"),
            ("tax_id_data[0][x]=1", 400, "parameter_unknown", "tax_id_data[0][x]"),
        ] as [(String, Int, String, String?)])
    func refused(form: String, status: Int, code: String, param: String?) async throws {
        let sandbox = try StripeSandbox()
        let answer = try await sandbox.send(.post, "/v1/customers", form)
        #expect(answer.status == status && answer.errorCode == code && answer.param == param, "\(answer.json)")
        #expect(try await sandbox.send(.get, "/v1/customers").ids == [])
        #expect(try await sandbox.send(.get, "/v1/events").ids == [])
    }

    @Test("Another customer's payment method is no default, nor is one that there isn't")
    func foreignDefault() async throws {
        let sandbox = try StripeSandbox()
        let (mine, theirs) = (
            try await sandbox.create("payment_method=pm_card_visa"),
            try await sandbox.create("payment_method=pm_card_visa")
        )
        let own = try await sandbox.send(.get, "/v1/customers/\(mine)/payment_methods").ids[0]
        let foreign = try await sandbox.send(.get, "/v1/customers/\(theirs)/payment_methods").ids[0]
        for method in [foreign, "pm_none", "pm_card_visa"] {
            let answer = try await sandbox.send(
                .post, "/v1/customers/\(mine)", "name=A&invoice_settings[default_payment_method]=\(method)")
            #expect(answer.status == 400 && answer.errorCode == "resource_missing")
            #expect(answer.param == "invoice_settings[default_payment_method]")
        }
        #expect(try await sandbox.send(.get, "/v1/customers/\(mine)").json["name"] == .some(.null))
        let set = try await sandbox.send(
            .post, "/v1/customers/\(mine)", "invoice_settings[default_payment_method]=\(own)")
        #expect(set.json["invoice_settings"]?["default_payment_method"]?.string == own)
        let unset = try await sandbox.send(
            .post, "/v1/customers/\(mine)", "invoice_settings[default_payment_method]=")
        #expect(unset.json["invoice_settings"]?["default_payment_method"] == .some(.null))
    }

    @Test("White space around an idempotency key is no part of it, and one of white space is none")
    func trimmedKeys() async throws {
        let sandbox = try StripeSandbox()
        let first = try await sandbox.send(.post, "/v1/customers", "name=A", key: "lead")
        let second = try await sandbox.send(.post, "/v1/customers", "name=A", key: " lead\t")
        #expect(second.id == first.id && second.headers["idempotent-replayed"] == "true")
        #expect(try await sandbox.send(.post, "/v1/customers", "name=B", key: " lead").status == 400)
        for _ in 1...2 { try await sandbox.send(.post, "/v1/customers", "name=A", key: "  ") }
        #expect(try await sandbox.send(.get, "/v1/customers").ids.count == 3)
    }
}
