import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import Testing

@Suite("An update of a customer")
struct LeftOutTests {
    private func bench() async throws -> (WebhookBench, String) {
        let bench = try await WebhookBench()
        let created = try await bench.call(
            "createCustomer",
            [
                "email": "a@example.com", "name": "Ada", "metadata": ["plan": "pro"],
                "address": ["line1": "1 Way", "city": "London", "country": "GB"],
                "shipping": ["name": "A", "phone": "7", "address": ["line1": "2 Way", "city": "Bath"]],
                "preferred_locales": ["en"],
                "invoice_settings": ["footer": "Thanks", "custom_fields": [["name": "n", "value": "v"]]],
            ])
        await bench.exchange.reset()
        return (bench, created["id"]?.string ?? "")
    }

    private func update(
        _ bench: WebhookBench, _ id: String, _ fields: JSONObject
    ) async throws(ServiceError) -> JSONValue {
        var params = fields
        params["customerId"] = .string(id)
        return try await bench.call("updateCustomer", params)
    }

    @Test(
        "that comes to nothing is not sent, and answers with the customer as it is",
        arguments: [
            [:], ["metadata": [:]], ["address": [:]], ["shipping": ["name": "A", "address": [:]]],
            ["preferred_locales": []], ["invoice_settings": [:]], ["invoice_settings": ["custom_fields": []]],
            ["invoice_settings": ["rendering_options": [:]]], ["tax": [:]], ["cash_balance": ["settings": [:]]],
            ["metadata": [:], "address": [:], "preferred_locales": [], "invoice_settings": [:]],
        ] as [JSONObject])
    func nothing(fields: JSONObject) async throws {
        let (bench, id) = try await bench()
        let before = try await bench.customer(id)
        #expect(try await update(bench, id, fields) == before)
        // What Stripe wants with each shipping is sent.
        #expect(await bench.exchange.count(.post) == (fields["shipping"] == nil ? 0 : 1))
        #expect(try await bench.customer(id) == before)
    }

    @Test("with objects without members changes only what it names beside them")
    func beside() async throws {
        let (bench, id) = try await bench()
        let before = try await bench.customer(id)
        let after = try await update(
            bench, id,
            [
                "name": "Grace", "metadata": [:], "address": [:], "preferred_locales": [],
                "invoice_settings": ["footer": "Bye", "custom_fields": []],
            ])
        #expect(after["name"] == "Grace" && after["invoice_settings"]?["footer"] == "Bye")
        for name in ["metadata", "address", "preferred_locales", "shipping"] {
            #expect(after[name] == before[name], "\(name)")
        }
        #expect(after["invoice_settings"]?["custom_fields"] == [["name": "n", "value": "v"]])
    }

    @Test("that says null unsets")
    func null() async throws {
        let (bench, id) = try await bench()
        let after = try await update(
            bench, id,
            [
                "metadata": .null, "address": .null, "shipping": .null, "preferred_locales": .null,
                "invoice_settings": ["custom_fields": .null],
            ])
        #expect(after["metadata"] == [:] && after["preferred_locales"] == [])
        #expect(after["address"] == .some(.null) && after["shipping"] == .some(.null))
        #expect(after["invoice_settings"]?["custom_fields"] == .some(.null))
        #expect(after["invoice_settings"]?["footer"] == "Thanks")
    }

    @Test("of a customer that is gone or never was says so, also when it comes to nothing")
    func gone() async throws {
        let (bench, id) = try await bench()
        try await bench.atStripe(.delete, "/v1/customers/" + id)
        for fields in [["metadata": [:]], ["address": ["city": "X"]], ["name": "X"]] as [JSONObject] {
            #expect(
                await errorOf { () throws(ServiceError) in try await update(bench, id, fields) }?.kind
                    == .customerDeleted)
            #expect(
                await errorOf { () throws(ServiceError) in try await update(bench, "cus_none", fields) }?.kind
                    == .customerNotFound)
        }
    }

    @Test("keeps what a part of an address leaves out, and null unsets one of its members")
    func address() async throws {
        let (bench, id) = try await bench()
        let added = try await update(bench, id, ["address": ["line2": "Flat 2"]])["address"]
        #expect(added?["line1"] == "1 Way" && added?["line2"] == "Flat 2" && added?["country"] == "GB")
        let changed = try await update(bench, id, ["address": ["city": .null, "line1": "3 Way"]])["address"]
        #expect(changed?["line1"] == "3 Way" && changed?["city"] == .some(.null) && changed?["line2"] == "Flat 2")
        // The same again comes to the same.
        #expect(try await update(bench, id, ["address": ["city": .null, "line1": "3 Way"]])["address"] == changed)
    }

    @Test("of a customer without an address sets what it says")
    func firstAddress() async throws {
        let bench = try await WebhookBench()
        let id = try await bench.register("u1")
        #expect(try await update(bench, id, ["address": ["city": "Rome"]])["address"]?["city"] == "Rome")
    }

    @Test("keeps what a part of shipping leaves out")
    func shipping() async throws {
        let (bench, id) = try await bench()
        let after = try await update(bench, id, ["shipping": ["name": "B", "address": ["city": "York"]]])["shipping"]
        #expect(after?["name"] == "B" && after?["phone"] == "7")
        #expect(after?["address"]?["line1"] == "2 Way" && after?["address"]?["city"] == "York")
        let unset = try await update(
            bench, id, ["shipping": ["name": "B", "phone": .null, "address": ["line1": .null]]])["shipping"]
        #expect(unset?["phone"] == .some(.null) && unset?["address"]?["line1"] == .some(.null))
        #expect(unset?["address"]?["city"] == "York")
    }

    @Test("keeps what a part of the invoice settings and of their rendering leaves out")
    func invoiceSettings() async throws {
        let (bench, id) = try await bench()
        _ = try await update(
            bench, id,
            ["invoice_settings": ["rendering_options": ["amount_tax_display": "exclude_tax", "template": "t1"]]])
        let after = try await update(
            bench, id, ["invoice_settings": ["rendering_options": ["template": "t2"]]])["invoice_settings"]
        #expect(after?["rendering_options"] == ["amount_tax_display": "exclude_tax", "template": "t2"])
        #expect(after?["footer"] == "Thanks")
    }

    @Test("with a whole address asks only whose the customer is")
    func wholeAddress() async throws {
        let (bench, id) = try await bench()
        let address: JSONObject = [
            "city": "Rome", "country": "IT", "line1": "Via 1", "line2": .null, "postal_code": "1", "state": .null,
        ]
        let after = try await update(bench, id, ["address": .object(address)])["address"]
        #expect(after?["city"] == "Rome" && after?["line2"] == .some(.null))
        #expect(await bench.exchange.count() == 2)
    }
}
