import HTTP
import JSON
import Sandbox
import Testing

@Suite("A customer in the sandbox")
struct CustomerTests {
    @Test("has every member of Stripe's object")
    func shape() async throws {
        let sandbox = try StripeSandbox()
        let answer = try await sandbox.send(.post, "/v1/customers")
        #expect(answer.status == 200)
        let expected: JSONValue = [
            "id": .string(answer.id), "object": "customer", "address": .null, "balance": 0, "created": 1_767_225_600,
            "currency": .null, "default_source": .null, "delinquent": false, "description": .null, "discount": .null,
            "email": .null, "invoice_prefix": .string(String(answer.id.suffix(8))),
            "invoice_settings": [
                "custom_fields": .null, "default_payment_method": .null, "footer": .null, "rendering_options": .null,
            ],
            "livemode": false, "metadata": [:], "name": .null, "next_invoice_sequence": 1, "phone": .null,
            "preferred_locales": [], "shipping": .null, "tax_exempt": "none", "test_clock": .null,
        ]
        #expect(answer.json == expected)
        #expect(answer.id.hasPrefix("cus_") && answer.id.count == 18)
        #expect(try await sandbox.send(.get, "/v1/customers/\(answer.id)").json == expected)
    }

    @Test("keeps what create was given, nested and encoded")
    func create() async throws {
        let sandbox = try StripeSandbox()
        let answer = try await sandbox.send(
            .post, "/v1/customers",
            "email=Ada%2B1%40example.com&name=Ada+Lovelace&phone=%2B441&description=%C3%A9%F0%9F%91%8B&balance=-500"
                + "&metadata[userId]=u%5F1&metadata%5Bplan%5D=%26%3D&address[line1]=1+Way&address[country]=GB"
                + "&shipping[name]=A&shipping[address][city]=London&preferred_locales[]=en&preferred_locales[1]=fr"
                + "&invoice_settings[footer]=Thanks&invoice_settings[custom_fields][0][name]=n"
                + "&invoice_settings[custom_fields][0][value]=v&tax_exempt=exempt&business_name=Engines&expand[]=tax"
                + "&source=tok_visa&validate=true&tax[ip_address]=1.1.1.1&tax_id_data[0][type]=gb_vat"
                + "&tax_id_data[0][value]=GB123456789")
        #expect(answer.status == 200)
        let json = answer.json
        #expect(json["email"] == "Ada+1@example.com" && json["name"] == "Ada Lovelace" && json["phone"] == "+441")
        #expect(json["description"] == "é👋" && json["balance"] == -500)
        #expect(json["metadata"] == ["userId": "u_1", "plan": "&="])
        #expect(json["address"]?["line1"] == "1 Way" && json["address"]?["city"] == .some(.null))
        #expect(json["shipping"]?["address"]?["city"] == "London" && json["shipping"]?["phone"] == .some(.null))
        #expect(json["preferred_locales"] == ["en", "fr"])
        #expect(json["invoice_settings"]?["custom_fields"] == [["name": "n", "value": "v"]])
        #expect(json["tax_exempt"] == "exempt" && json["business_name"] == "Engines" && json["source"] == nil)
    }

    @Test("merges an update, and an empty value unsets")
    func update() async throws {
        let sandbox = try StripeSandbox()
        let id = try await sandbox.create(
            "email=a@b.co&name=Ada&metadata[a]=1&metadata[b]=2&address[line1]=x&tax_exempt=exempt"
                + "&preferred_locales[]=en&invoice_settings[footer]=f&shipping[name]=n&shipping[address][line1]=l")
        func update(_ form: String) async throws -> JSONValue {
            let answer = try await sandbox.send(.post, "/v1/customers/\(id)", form)
            #expect(answer.status == 200, "\(form)")
            return answer.json
        }
        #expect(try await update("metadata[a]=&metadata[c]=3")["metadata"] == ["b": "2", "c": "3"])
        #expect(try await update("name=")["name"] == .some(.null))
        #expect(try await update("email=")["email"] == .some(.null))
        #expect(try await update("address=")["address"] == .some(.null))
        #expect(try await update("shipping=")["shipping"] == .some(.null))
        #expect(try await update("tax_exempt=")["tax_exempt"] == "none")
        #expect(try await update("preferred_locales=")["preferred_locales"] == [])
        #expect(try await update("invoice_settings[footer]=")["invoice_settings"]?["footer"] == .some(.null))
        #expect(try await update("metadata=")["metadata"] == [:])
        #expect(try await update("") == sandbox.send(.get, "/v1/customers/\(id)").json)
    }

    @Test("leaves a stub behind, and nothing else")
    func delete() async throws {
        let sandbox = try StripeSandbox()
        let id = try await sandbox.create("email=a@b.co&metadata[userId]=u1")
        let stub: JSONValue = ["id": .string(id), "object": "customer", "deleted": true]
        let path = "/v1/customers/\(id)"
        let deleted = try await sandbox.send(.delete, path)
        #expect(deleted.status == 200 && deleted.json == stub)
        let retrieved = try await sandbox.send(.get, path)
        #expect(retrieved.status == 200 && retrieved.json == stub)
        for method in [HTTPMethod.post, .delete] {
            let answer = try await sandbox.send(method, path)
            #expect(answer.status == 404 && answer.errorCode == "resource_missing" && answer.param == "id")
            #expect(answer.message == "No such customer: '\(id)'")
        }
        #expect(try await sandbox.send(.get, "/v1/customers").ids == [])
        #expect(try await sandbox.send(.get, "/v1/customers", "email=a@b.co").ids == [])
        let query = encoded(#"email:"a@b.co" OR metadata["userId"]:"u1""#)
        #expect(try await sandbox.send(.get, "/v1/customers/search", "query=" + query).ids == [])
    }

    @Test("that never was is missing", arguments: [HTTPMethod.get, .post, .delete])
    func missing(method: HTTPMethod) async throws {
        let answer = try await StripeSandbox().send(method, "/v1/customers/cus_%27x")
        #expect(answer.status == 404 && answer.errorCode == "resource_missing" && answer.param == "id")
        #expect(answer.message == "No such customer: 'cus_'x'")
    }

    @Test("belongs to one account")
    func accounts() async throws {
        let sandbox = try StripeSandbox()
        let mine = try await sandbox.create()
        let theirs = try await sandbox.create(account: "acct_1")
        #expect(try await sandbox.send(.get, "/v1/customers/\(theirs)").status == 404)
        #expect(try await sandbox.send(.get, "/v1/customers/\(theirs)", account: "acct_1").status == 200)
        #expect(try await sandbox.send(.get, "/v1/customers").ids == [mine])
        #expect(try await sandbox.send(.get, "/v1/customers", account: "acct_1").ids == [theirs])
    }

    @Test("shows its subscriptions and invoices, and deleting it cancels what is active")
    func billing() async throws {
        let sandbox = try StripeSandbox()
        let id = try await sandbox.create()
        let filter = "customer=\(id)"
        #expect(try await sandbox.send(.get, "/v1/subscriptions", filter).json["data"] == [])
        let active = try await sandbox.exchange.seedSubscription(customer: id)
        let canceled = try await sandbox.exchange.seedSubscription(customer: id, status: "canceled")
        let open = try await sandbox.exchange.seedInvoice(customer: id)
        let paid = try await sandbox.exchange.seedInvoice(customer: id, status: "paid")
        #expect(try await sandbox.send(.get, "/v1/subscriptions", filter).ids == [active])
        #expect(try await sandbox.send(.get, "/v1/subscriptions", filter + "&status=all").ids == [canceled, active])
        #expect(try await sandbox.send(.get, "/v1/subscriptions", "customer=cus_other").ids == [])
        #expect(try await sandbox.send(.get, "/v1/invoices", filter).ids == [paid, open])
        #expect(try await sandbox.send(.get, "/v1/invoices", filter + "&status=open&limit=1").ids == [open])
        try await sandbox.send(.delete, "/v1/customers/\(id)")
        #expect(try await sandbox.send(.get, "/v1/subscriptions", filter).ids == [])
        let ended = try await sandbox.send(.get, "/v1/subscriptions", filter + "&status=ended")
        #expect(ended.json["data"]?.array?.map { $0["status"] } == ["canceled", "canceled"])
        let events = try await sandbox.send(.get, "/v1/events", "type=customer.subscription.deleted")
        #expect(events.ids.count == 1)
    }
}
