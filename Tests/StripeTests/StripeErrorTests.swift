import Environment
import HTTP
import JSON
import Stripe
import Testing

@Suite("Errors")
struct StripeErrorTests {
    struct Row: Sendable {
        let status: Int
        let body: String
        var headers: [String: String] = [:]
        let kind: StripeError.Kind
        var isStripe = true
        var unknown = false
        var retryable = false
    }

    static let page = "<html><body>502 Bad Gateway</body></html>"

    @Test(
        "Each answer becomes the kind that a caller acts on",
        arguments: [
            Row(status: 401, body: stripeError(), kind: .authentication),
            Row(status: 403, body: stripeError(), kind: .permission),
            Row(status: 400, body: stripeError(), kind: .rejected),
            Row(status: 402, body: stripeError(type: "card_error", code: "card_declined"), kind: .rejected),
            Row(status: 404, body: stripeError(code: "resource_missing"), kind: .notFound),
            Row(status: 404, body: stripeError(), kind: .rejected),
            Row(status: 400, body: stripeError(type: "idempotency_error"), kind: .idempotencyMismatch),
            Row(status: 404, body: stripeError(type: "idempotency_error"), kind: .idempotencyMismatch),
            Row(
                status: 409, body: stripeError(code: "idempotency_key_in_use"), kind: .keyInUse, unknown: true,
                retryable: true),
            Row(status: 409, body: stripeError(), kind: .rejected, retryable: true),
            Row(status: 424, body: stripeError(type: "some_new_type"), kind: .rejected),
            Row(status: 429, body: stripeError(code: "lock_timeout"), kind: .rateLimited, retryable: true),
            Row(status: 429, body: page, kind: .rateLimited, isStripe: false, retryable: true),
            Row(status: 400, body: stripeError(code: "rate_limit"), kind: .rateLimited, retryable: true),
            Row(status: 500, body: stripeError(type: "api_error"), kind: .unavailable, unknown: true, retryable: true),

            // What isn't Stripe's says nothing about customers or keys, whatever its status.
            Row(status: 502, body: page, kind: .unavailable, isStripe: false, unknown: true, retryable: true),
            Row(status: 401, body: page, kind: .unavailable, isStripe: false, unknown: true, retryable: true),
            Row(status: 404, body: page, kind: .unavailable, isStripe: false, unknown: true, retryable: true),
            Row(status: 404, body: "", kind: .unavailable, isStripe: false, unknown: true, retryable: true),
            Row(status: 400, body: "[]", kind: .unavailable, isStripe: false, unknown: true, retryable: true),
            Row(status: 500, body: "null", kind: .unavailable, isStripe: false, unknown: true, retryable: true),
            Row(
                status: 500, body: #"{"error":"x"}"#, kind: .unavailable, isStripe: false, unknown: true,
                retryable: true),
            Row(status: 302, body: stripeError(), kind: .unavailable, isStripe: false, unknown: true, retryable: true),

            // A success that is none: it may have taken effect.
            Row(status: 200, body: page, kind: .unavailable, isStripe: false, unknown: true, retryable: true),
            Row(status: 200, body: "", kind: .unavailable, isStripe: false, unknown: true, retryable: true),
            Row(status: 200, body: "[]", kind: .unavailable, isStripe: false, unknown: true, retryable: true),
            Row(
                status: 200, body: #"{"id":"cus_1","#, kind: .unavailable, isStripe: false, unknown: true,
                retryable: true),
            Row(
                status: 200, body: #"{"id":"ch_1","object":"charge"}"#, kind: .unavailable, isStripe: false,
                unknown: true, retryable: true),
            Row(
                status: 200, body: #"{"object":"customer"}"#, kind: .unavailable, isStripe: false, unknown: true,
                retryable: true),
            Row(status: 200, body: stripeError(), kind: .unavailable, isStripe: false, unknown: true, retryable: true),
        ])
    func table(row: Row) async throws {
        let stripe = client(ScriptedExchange(answer(row.status, row.body, row.headers)))
        let error = try #require(
            await errorOf { () throws(StripeError) in
                try await stripe.createCustomer([:], idempotencyKey: "k", patience: .single)
            })
        #expect(error.kind == row.kind)
        #expect(error.status == row.status)
        #expect(error.isStripeAnswer == row.isStripe)
        #expect(error.outcomeUnknown == row.unknown)
        #expect(error.retryable == row.retryable)
        #expect(error.attempts == 1)
        let read = try #require(
            await errorOf { () throws(StripeError) in try await stripe.retrieveCustomer("cus_1", patience: .single) })
        #expect(read.kind == row.kind)
        #expect(!read.outcomeUnknown, "a read has no effect to be unsure of")
    }

    @Test(
        "Without an answer the exchange says whether the request may have arrived",
        arguments: [
            HTTPFailure.Kind.unresolved, .refused, .proxy, .cannotConnect, .timedOut, .connectionLost, .truncated, .tls,
            .handshake, .proxyCredentials,
            .shutDown,
        ],
        [true, false])
    func failures(kind: HTTPFailure.Kind, unknown: Bool) async throws {
        let stripe = client(ScriptedExchange(failure(kind, outcomeUnknown: unknown)))
        let error = try #require(
            await errorOf { () throws(StripeError) in
                try await stripe.createCustomer([:], idempotencyKey: "k", patience: .single)
            })
        #expect(error.kind == .unavailable)
        #expect(error.status == nil)
        #expect(error.outcomeUnknown == unknown)
        #expect(error.retryable)
        #expect(!error.safeMessage.isEmpty)
    }

    @Test("The facts are kept and the message is not")
    func facts() async throws {
        let body = #"""
            {"error":{"type":"invalid_request_error","code":"email_invalid","param":"email","decline_code":"fraudulent",
            "message":"Invalid email address: ada@example.com, key sk_test_4eC39HqLyjWDarjtT1zdp7dc"}}
            """#
        let headers = ["request-id": "req_123", "idempotent-replayed": "true"]
        let error = try await failed(400, body, headers)
        #expect(error.type == "invalid_request_error")
        #expect(error.code == "email_invalid")
        #expect(error.declineCode == "fraudulent")
        #expect(error.param == "email")
        #expect(error.requestID == "req_123")
        #expect(error.isReplay)
        var dumped = ""
        dump(error, to: &dumped)
        for secret in ["ada", "sk_test"] {
            #expect(!dumped.contains(secret))
            #expect(!error.safeMessage.contains(secret))
        }
        #expect(
            error.safeMessage == "Stripe rejected the request "
                + "(code email_invalid, decline code fraudulent, parameter email, status 400)")
    }

    @Test(
        "A parameter's name is kept as far as it can't be personal",
        arguments: [
            ("metadata[plan]", "metadata[plan]"), ("metadata[ada@example.com]", "metadata"), ("Ada Lovelace", nil),
            ("address[line1]", "address[line1]"), ("", nil),
        ])
    func parameter(sent: String, kept: String?) async throws {
        let error = try await failed(400, #"{"error":{"type":"invalid_request_error","param":"\#(sent)"}}"#)
        #expect(error.param == kept)
    }

    @Test(
        "What is missing is told by code and param, under 400 and 404",
        arguments: [
            (404, "resource_missing", "id", .customer), (404, "resource_missing", nil, .customer),
            (404, "resource_missing", "customer", .customer), (400, "resource_missing", "customer", .customer),
            (400, "resource_missing", "id", .customer), (400, "resource_missing", nil, .object(param: nil)),
            (404, "resource_missing", "source", .object(param: "source")),
            (400, "resource_missing", "source", .object(param: "source")),
            (400, "resource_missing", "test_clock", .object(param: "test_clock")),
            (
                404, "resource_missing", "invoice_settings[default_payment_method]",
                .object(param: "invoice_settings[default_payment_method]")
            ),
            (400, "resource_missing", "starting_after", .object(param: "starting_after")),
            (404, nil, "id", nil), (400, "email_invalid", "email", nil), (402, "resource_missing", "customer", nil),
        ] as [(Int, String?, String?, StripeError.Missing?)])
    func missing(status: Int, code: String?, param: String?, missing: StripeError.Missing?) async throws {
        let facts = [code.map { #""code":"\#($0)""# }, param.map { #""param":"\#($0)""# }].compactMap(\.self)
        let body = #"{"error":{"type":"invalid_request_error","message":"No.""# + facts.map { "," + $0 }.joined() + "}}"
        let error = try await failed(status, body)
        #expect(error.missing == missing)
        #expect(error.kind == (missing == .customer ? .notFound : .rejected))
    }

    @Test(
        "An unknown URL, an account that isn't the key's and a failed connection each have words of their own",
        arguments: [
            (
                answer(404, stripeError(message: "Unrecognized request URL (GET: /v1/v1/customers/cus_1).")),
                "Stripe has no such URL: check --api-base, which ends before /v1 (status 404)"
            ),
            (
                answer(403, stripeError(code: "account_invalid")),
                "The API key may not act for the account of --account, or there is no such account"
            ),
            (
                answer(
                    403, stripeError(message: "The provided key 'sk_test_x' does not have access to account 'acct_1'.")),
                "The API key may not act for the account of --account, or there is no such account"
            ),
            (failure(.unresolved), "Stripe's host name can't be resolved: check DNS and --api-base (scripted)"),
            (failure(.refused), "The connection to Stripe was refused: check --api-base and firewalls (scripted)"),
            (failure(.proxy), "The proxy on the way to Stripe fails: check https_proxy and no_proxy (scripted)"),
            (
                failure(.proxyCredentials),
                "The proxy on the way to Stripe wants a user and a password: put the right ones into https_proxy "
                    + "(http://USER:PASSWORD@HOST:PORT)"
            ),
            (
                failure(.handshake),
                "What answers in Stripe's place speaks no TLS, or an old one: check --api-base (scripted)"
            ),
            (
                answer(401, stripeError()),
                "Stripe does not accept the API key of the configuration: set another and start again; "
                    + "stripe-customers check tells more"
            ),
            (
                answer(404, stripeError(code: "resource_missing")),
                "Stripe has no such object in test mode of this account: check the id, and the mode of the key"
            ),
            (
                answer(200, page),
                "Stripe's answer is no JSON: something in between answers, a proxy or a firewall (status 200)"
            ),
            (failure(.tls), "No secure connection to Stripe could be made: scripted"),
        ])
    func words(answer: ScriptedExchange.Answer, words: String) async throws {
        let stripe = client(ScriptedExchange(answer))
        let error = try #require(
            await errorOf { () throws(StripeError) in try await stripe.retrieveCustomer("cus_1", patience: .single) })
        #expect(error.safeMessage == words)
    }

    @Test("A 403 names the missing permission and nothing else of the message")
    func permission() async throws {
        let message =
            "The provided key 'rk_test_*********abcd' does not have the required permissions for this endpoint on "
            + "account 'acct_1'. Having the 'rak_customer_write' permission would allow this request to continue."
        let error = try await failed(403, stripeError(message: message))
        #expect(error.missingPermission == "rak_customer_write")
        #expect(error.safeMessage == "The API key lacks the permission rak_customer_write")
        #expect(try await failed(403, stripeError()).missingPermission == nil)
    }

    @Test("A key of the wrong mode is told apart from an object that isn't there")
    func otherMode() async throws {
        let message =
            "No such customer: 'cus_1'; a similar object exists in live mode, but a test mode key was used to make "
            + "this request."
        #expect(try await failed(404, stripeError(code: "resource_missing", message: message)).existsInOtherMode)
        #expect(try await !failed(404, stripeError(code: "resource_missing")).existsInOtherMode)
    }

    private func failed(_ status: Int, _ body: String, _ headers: [String: String] = [:]) async throws -> StripeError {
        let stripe = client(ScriptedExchange(answer(status, body, headers)))
        return try #require(
            await errorOf { () throws(StripeError) in try await stripe.retrieveCustomer("cus_1", patience: .single) })
    }
}
