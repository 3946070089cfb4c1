import HTTP
import JSON
import Testing

@Suite("The sandbox refuses")
struct ValidationTests {
    static let customerCases: [(form: String, code: String, param: String?)] = [
        ("nmae=x", "parameter_unknown", "nmae"),
        ("id=cus_1", "parameter_unknown", "id"),
        ("address[street]=x", "parameter_unknown", "address[street]"),
        ("email=no-at", "email_invalid", "email"),
        ("email=a%40b%40c", "email_invalid", "email"),
        ("email=a%20b%40c.d", "email_invalid", "email"),
        ("email=a%40b..c", "email_invalid", "email"),
        ("email=%40b.c", "email_invalid", "email"),
        ("email=\(repeated("a", 510))%40b.c", "invalid_request_error", "email"),
        ("name=\(repeated("n", 257))", "invalid_request_error", "name"),
        ("name[first]=n", "invalid_request_error", "name"),
        ("phone=\(repeated("1", 21))", "invalid_request_error", "phone"),
        ("description=\(repeated("d", 5001))", "invalid_request_error", "description"),
        ("business_name=\(repeated("d", 151))", "invalid_request_error", "business_name"),
        ("balance=1.5", "parameter_invalid_integer", "balance"),
        ("tax_exempt=maybe", "invalid_request_error", "tax_exempt"),
        ("preferred_locales=en", "invalid_request_error", "preferred_locales"),
        ("address=x", "invalid_request_error", "address"),
        ("shipping[name]=x", "parameter_missing", "shipping[address]"),
        ("shipping[address][city]=x", "parameter_missing", "shipping[name]"),
        ("metadata=x", "invalid_request_error", "metadata"),
        ("metadata[\(repeated("k", 41))]=x", "invalid_request_error", "metadata"),
        ("metadata[k]=\(repeated("v", 501))", "invalid_request_error", "metadata[k]"),
        ("metadata[a][b]=x", "invalid_request_error", "metadata[a]"),
        ("metadata[a[b]]=x", "invalid_request_error", "metadata[a[b]]"),
        ((0...50).map { "metadata[k\($0)]=v" }.joined(separator: "&"), "invalid_request_error", "metadata"),
        ("name=%ff", "invalid_request_error", nil),
        ("name=%4", "invalid_request_error", nil),
        ("a[b][c][d][e][f][g][h][i]=x", "invalid_request_error", "a[b][c][d][e][f][g][h][i]"),
    ]

    @Test("bad parameters of create and update", arguments: customerCases)
    func customer(form: String, code: String, param: String?) async throws {
        let sandbox = try StripeSandbox()
        let id = try await sandbox.create()
        for path in ["/v1/customers", "/v1/customers/\(id)"] {
            let answer = try await sandbox.send(.post, path, form)
            #expect(answer.status == 400 && answer.errorCode == code && answer.param == param)
            #expect(
                answer.json["error"]?["request_log_url"]?.string?.contains(answer.headers["request-id"] ?? "-") == true)
        }
        #expect(try await sandbox.send(.get, "/v1/customers").ids == [id])
    }

    @Test("in Stripe's words")
    func wording() async throws {
        let sandbox = try StripeSandbox()
        let unknown = try await sandbox.send(.post, "/v1/customers", "nmae=x")
        #expect(unknown.message == "Received unknown parameter: nmae")
        #expect(unknown.json["error"]?["type"] == "invalid_request_error")
        #expect(unknown.json["error"]?["doc_url"] == "https://stripe.com/docs/error-codes/parameter-unknown")
        let email = try await sandbox.send(.post, "/v1/customers", "email=nope")
        #expect(email.message == "Invalid email address: nope")
    }

    @Test("nothing that is exactly at its limit")
    func limits() async throws {
        let metadata = (10..<60).map { "metadata[\(repeated("k", 38))\($0)]=\(repeated("%C3%A9", 500))" }
        let answer = try await StripeSandbox().send(
            .post, "/v1/customers",
            "email=\(repeated("a", 508))%40b.c&name=\(repeated("n", 256))&phone=\(repeated("1", 20))"
                + "&description=\(repeated("d", 5000))&" + metadata.joined(separator: "&"))
        #expect(answer.status == 200)
    }

    @Test("parameters that an update doesn't have", arguments: ["test_clock", "payment_method", "tax_id_data"])
    func createOnly(name: String) async throws {
        let sandbox = try StripeSandbox()
        let id = try await sandbox.create()
        let answer = try await sandbox.send(.post, "/v1/customers/\(id)", name + "=x")
        #expect(answer.errorCode == "parameter_unknown" && answer.param == name)
    }

    @Test("a 51st metadata key in an update")
    func mergedMetadata() async throws {
        let sandbox = try StripeSandbox()
        let id = try await sandbox.create((0..<50).map { "metadata[k\($0)]=v" }.joined(separator: "&"))
        #expect(try await sandbox.send(.post, "/v1/customers/\(id)", "metadata[new]=v").status == 400)
        #expect(try await sandbox.send(.post, "/v1/customers/\(id)", "metadata[k0]=&metadata[new]=v").status == 200)
    }

    @Test("a request without a proper key", arguments: [nil, "", "Bearer ", "Bearer pk_test_123456", "Basic abc"])
    func authorization(value: String?) async throws {
        var request = HTTPRequest(method: .get, url: "https://api.stripe.com/v1/customers")
        if let value { request.headers = [("authorization", value)] }
        let answer = try await StripeSandbox().send(request)
        #expect(answer.status == 401 && answer.errorCode == "invalid_request_error")
        #expect(answer.headers["request-id"]?.hasPrefix("req_") == true)
        #expect(answer.message?.contains("pk_test_12") == false)
    }

    @Test("a body that isn't a form")
    func contentType() async throws {
        var request = HTTPRequest(method: .post, url: "https://api.stripe.com/v1/customers", body: Array("{}".utf8))
        request.headers = [("Authorization", "Bearer rk_test_123"), ("Content-Type", "application/json")]
        #expect(try await StripeSandbox().send(request).status == 400)
    }

    @Test(
        "paths that Stripe doesn't have",
        arguments: [
            (HTTPMethod.get, "/v1/nothing"), (.get, "/"), (.delete, "/v1/customers"), (.get, "/v1/customers/a/b"),
        ])
    func routes(method: HTTPMethod, path: String) async throws {
        let answer = try await StripeSandbox().send(method, path)
        #expect(answer.status == 404)
        #expect(answer.message?.hasPrefix("Unrecognized request URL (\(method.rawValue): \(path))") == true)
    }

    @Test(
        "what a list or search can't take",
        arguments: [
            ("/v1/customers", "limit=0", "parameter_invalid_integer", "limit", 400),
            ("/v1/customers", "limit=101", "parameter_invalid_integer", "limit", 400),
            ("/v1/customers", "limit=x", "parameter_invalid_integer", "limit", 400),
            ("/v1/customers", "starting_after=cus_x", "resource_missing", "starting_after", 404),
            ("/v1/customers", "ending_before=cus_x", "resource_missing", "ending_before", 404),
            ("/v1/customers", "created[gte]=x", "parameter_invalid_integer", "created[gte]", 400),
            ("/v1/customers", "created[after]=1", "parameter_unknown", "created[after]", 400),
            ("/v1/customers", "name=x", "parameter_unknown", "name", 400),
            ("/v1/customers/search", "", "parameter_missing", "query", 400),
            ("/v1/customers/search", "query=x", "invalid_request_error", "query", 400),
            ("/v1/customers/search", "query=name:'a'&page=x", "invalid_request_error", "page", 400),
            ("/v1/customers/cus_1", "nmae=x", "parameter_unknown", "nmae", 400),
            ("/v1/events", "starting_after=evt_x", "resource_missing", "starting_after", 404),
        ])
    func lists(path: String, query: String, code: String, param: String, status: Int) async throws {
        let answer = try await StripeSandbox().send(.get, path, query)
        #expect(answer.status == status && answer.errorCode == code && answer.param == param)
    }
}
