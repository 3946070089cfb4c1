import Environment
import HTTP
import JSON
import Stripe
import Testing

@Suite("Client")
struct StripeClientTests {
    // MARK: What goes out

    @Test("A creation carries key, version, account, idempotency key and form body")
    func request() async throws {
        let exchange = ScriptedExchange(answer(200, ada, ["request-id": "req_1"]))
        let stripe = client(exchange, account: "acct_1")
        let reply = try await stripe.createCustomer(
            ["email": "ada@example.com", "metadata": ["userId": "u1"]], idempotencyKey: "key-1")
        let request = try #require(exchange.requests.first)
        #expect(request.method == .post)
        #expect(request.url == "https://api.stripe.com/v1/customers")
        #expect(String(decoding: request.body, as: UTF8.self) == "email=ada%40example.com&metadata%5BuserId%5D=u1")
        let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
        #expect(
            headers == [
                "Authorization": "Bearer " + testKey, "Stripe-Version": "2026-09-30.endive",
                "Stripe-Account": "acct_1", "Idempotency-Key": "key-1",
                "Content-Type": "application/x-www-form-urlencoded",
            ])
        #expect(!reply.isReplay)
        #expect(reply.value.id == "cus_1")
        #expect(reply.value.email == "ada@example.com")
        #expect(reply.value.created == 1_700_000_000)
        #expect(reply.value.metadata?["userId"]?.string == "u1")
        #expect(String(decoding: JSONValue.object(reply.value.object).serialized(), as: UTF8.self) == ada)
    }

    @Test("All invoices and subscriptions are read, page after page")
    func pages() async throws {
        let exchange = ScriptedExchange(
            answer(200, #"{"object":"list","data":[{"id":"in_1"},{"id":"in_2"}],"has_more":true}"#),
            answer(200, #"{"object":"list","data":[{"id":"in_3"}],"has_more":false}"#))
        let stripe = client(exchange)
        let invoices = try await stripe.allInvoices(customer: "cus_1")
        #expect(invoices.map { $0["id"] } == ["in_1", "in_2", "in_3"])
        #expect(try await stripe.allSubscriptions(customer: "cus_1").count == 1)
        let targets = exchange.requests.map { $0.url.dropFirst("https://api.stripe.com/v1/".count) }
        #expect(
            targets == [
                "invoices?customer=cus_1&limit=100", "invoices?customer=cus_1&limit=100&starting_after=in_2",
                "subscriptions?customer=cus_1&limit=100&status=all",
            ])
    }

    @Test("Reads and deletions carry neither a body nor an idempotency key")
    func bare() async throws {
        let exchange = ScriptedExchange(answer(200, #"{"id":"cus_1","object":"customer","deleted":true}"#))
        let stripe = client(exchange)
        #expect(try await stripe.retrieveCustomer("cus_1").value.isDeleted)
        #expect(try await stripe.deleteCustomer("cus_1").value.isDeleted)
        #expect(exchange.requests.map(\.method) == [.get, .delete])
        for request in exchange.requests {
            #expect(request.body.isEmpty)
            #expect(request.headers.map(\.name) == ["Authorization", "Stripe-Version"])
        }
    }

    @Test("Ids are escaped in paths", arguments: [("a/b?c#d", "a%2Fb%3Fc%23d"), ("..x", "..x"), ("a b%", "a%20b%25")])
    func escaping(id: String, escaped: String) async throws {
        let exchange = ScriptedExchange(answer(404, "{}"))
        _ = await errorOf { () throws(StripeError) in
            try await client(exchange).updateCustomer(id, ["name": .null], idempotencyKey: "k")
        }
        #expect(exchange.requests.first?.url == "https://api.stripe.com/v1/customers/" + escaped)
    }

    @Test(
        "An id that would lead to another endpoint is not found, without a request",
        arguments: ["", ".", "..", "search"])
    func impossibleIDs(id: String) async throws {
        let exchange = ScriptedExchange(answer(200, ada))
        let stripe = client(exchange)
        let error = await errorOf { () throws(StripeError) in
            try await stripe.updateCustomer(id, [:], idempotencyKey: "k")
        }
        #expect(error?.kind == .notFound)
        #expect(error?.isStripeAnswer == false)
        #expect(exchange.requests.isEmpty)
    }

    @Test("Lists, searches and events ask in Stripe's terms")
    func queries() async throws {
        let list = #"{"object":"list","data":[],"has_more":true}"#
        let exchange = ScriptedExchange(
            answer(200, list), answer(200, #"{"object":"search_result","data":[],"has_more":true,"next_page":"p2"}"#),
            answer(200, list))
        let stripe = client(exchange)
        let page = try await stripe.listCustomers(
            email: "a+b@example.com", limit: 5, startingAfter: "cus_0", createdFrom: 1_999)
        #expect(page.value.hasMore)
        let query = CustomerQuery.email("a@example.com")
        #expect(try await stripe.searchCustomers(query, limit: 2, page: "p1").value.next == "p2")
        _ = try await stripe.listEvents(types: ["customer.updated", "customer.deleted"], endingBefore: "evt_1")
        #expect(
            exchange.requests.map { String($0.url.dropFirst("https://api.stripe.com/v1/".count)) } == [
                "customers?limit=5&email=a%2Bb%40example.com&starting_after=cus_0&created%5Bgte%5D=1",
                "customers/search?query=email%3A%22a%40example.com%22&limit=2&page=p1",
                "events?limit=10&types%5B0%5D=customer.updated&types%5B1%5D=customer.deleted&ending_before=evt_1",
            ])
    }

    /// Each call that names what it is about, with an answer about something else.
    enum MixedUp: String, CaseIterable {
        case retrieve, update, updateOfDeleted, delete, deleteThatIsNone, listOfAddress, listSince, search, invoices
        case subscriptions

        var body: String {
            switch self {
            case .retrieve, .update, .deleteThatIsNone: ada
            case .updateOfDeleted: #"{"id":"cus_2","object":"customer","deleted":true}"#
            case .delete: #"{"id":"cus_1","object":"customer","deleted":true}"#
            case .listOfAddress, .listSince: #"{"object":"list","data":[\#(ada)],"has_more":false}"#
            case .search: #"{"object":"search_result","data":[\#(ada)],"has_more":false,"next_page":null}"#
            case .invoices: #"{"object":"list","data":[{"id":"in_1","customer":"cus_1"}],"has_more":false}"#
            case .subscriptions: #"{"object":"list","data":[{"id":"s","customer":{"id":"cus_1"}}],"has_more":false}"#
            }
        }

        func call(_ stripe: StripeClient) async throws(StripeError) {
            switch self {
            case .retrieve: _ = try await stripe.retrieveCustomer("cus_2", patience: .single)
            case .update, .updateOfDeleted:
                _ = try await stripe.updateCustomer("cus_2", [:], idempotencyKey: "k", patience: .single)
            case .delete: _ = try await stripe.deleteCustomer("cus_2", patience: .single)
            case .deleteThatIsNone: _ = try await stripe.deleteCustomer("cus_1", patience: .single)
            case .listOfAddress: _ = try await stripe.listCustomers(email: "bob@example.com", patience: .single)
            case .listSince: _ = try await stripe.listCustomers(createdFrom: 1_700_000_001_000, patience: .single)
            case .search:
                _ = try await stripe.searchCustomers(.metadata(name: "userId", value: "u2"), patience: .single)
            case .invoices: _ = try await stripe.listInvoices(customer: "cus_2", patience: .single)
            case .subscriptions: _ = try await stripe.activeSubscriptionCount(customer: "cus_2", patience: .single)
            }
        }
    }

    @Test("An answer about something else than was asked for is none", arguments: MixedUp.allCases)
    func unasked(kind: MixedUp) async throws {
        do throws(StripeError) {
            try await kind.call(client(ScriptedExchange(answer(200, kind.body))))
            Issue.record("it was taken")
        } catch {
            #expect(error.kind == .unavailable)
            #expect(error.safeMessage.contains("not about what was asked for"))
        }
    }

    @Test(
        "A search finds without regard to case, and what is not ASCII in ways that nobody here knows",
        arguments: [("u1", "U1", true), ("u1", "u2", false), ("u1", "", false), ("\u{E9}", "e", true)])
    func folded(value: String, found: String, isAsked: Bool) async throws {
        let row = #"{"id":"cus_1","object":"customer","metadata":{"userId":"\#(found)"}}"#
        let body = #"{"object":"search_result","data":[\#(row)],"has_more":false,"next_page":null}"#
        let stripe = client(ScriptedExchange(answer(200, body)))
        let error = await errorOf { () throws(StripeError) in
            try await stripe.searchCustomers(.metadata(name: "userId", value: value), patience: .single)
        }
        #expect((error == nil) == isAsked)
    }

    @Test(
        "An id of another form than Stripe's is none: nothing of it reaches a table or a path",
        arguments: [
            "", "cus_a/../../b", "cus_a\u{0}b", "cus_a\nb", "a@x.de", "cus ä", String(repeating: "c", count: 256),
        ])
    func strangeID(id: String) async throws {
        let body = JSONValue.object(["id": .string(id), "object": "customer", "email": .null, "metadata": [:]])
        let stripe = client(ScriptedExchange(answer(200, body.description)))
        let error = await errorOf { () throws(StripeError) in
            try await stripe.createCustomer([:], idempotencyKey: "k", patience: .single)
        }
        #expect(error?.kind == .unavailable && error?.outcomeUnknown == true)
    }

    @Test(
        "A list or search that does not say whether it is complete is unreadable", arguments: ["list", "search_result"])
    func noWordOfMore(kind: String) async throws {
        let stripe = client(ScriptedExchange(answer(200, #"{"object":"\#(kind)","data":[]}"#)))
        let error = await errorOf { () throws(StripeError) in try await stripe.listCustomers(patience: .single) }
        #expect(error?.kind == .unavailable)
    }

    @Test("A list with a member that isn't a customer is unreadable as a whole")
    func brokenList() async throws {
        let body = #"{"object":"list","data":[\#(ada),{"object":"charge","id":"ch_1"}],"has_more":false}"#
        let stripe = client(ScriptedExchange(answer(200, body)))
        let error = await errorOf { () throws(StripeError) in try await stripe.listCustomers(patience: .single) }
        #expect(error?.kind == .unavailable)
    }

    @Test("Subscriptions whose first payment never came do not count as active")
    func subscriptions() async throws {
        let statuses = #"{"status":"active"},{"status":"incomplete_expired"},{"status":"past_due"}"#
        let body = #"{"object":"list","has_more":false,"data":[\#(statuses)]}"#
        let exchange = ScriptedExchange(answer(200, body))
        #expect(try await client(exchange).activeSubscriptionCount(customer: "cus_1").value == 2)
        #expect(exchange.requests.first?.url == "https://api.stripe.com/v1/subscriptions?customer=cus_1&limit=100")
    }

    // MARK: Attempts
}
