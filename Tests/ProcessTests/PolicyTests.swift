import JSON
import TestSupport
import Testing

/// The access policy as a host meets it.
@Suite("Access policy")
struct PolicyTests {
    private let directory: TemporaryDirectory
    private let arguments: [String]
    private let admin: JSONValue = ["id": "boss", "role": "admin"]
    private let ada: JSONValue = ["id": "ada", "role": "member"]

    init() throws {
        directory = try TemporaryDirectory()
        let policy = """
            {"roles": {"admin": {"methods": ["*"]}, "plain": {"methods": ["*"], "scope": "self"},
                "member": {"methods": ["*"], "scope": "self", "fields": ["name", "phone", "email"]}}}
            """
        try policy.write(to: directory.file("policy.json"))
        arguments = [
            "--sandbox", "--database", directory.file("test.sqlite"), "--policy", directory.file("policy.json"),
        ]
    }

    @Test("A refusal names the missing right and is the same whether the object exists or not")
    func refusal() async throws {
        let host = try Host(arguments)
        _ = try await host.call("registerUser", ["userId": "bob", "email": "bob@example.com"], as: admin)
        for method in ["getUser", "exportUserData", "eraseUser", "deleteUser", "ensureCustomerExists"] {
            let there = try await host.send(method, ["userId": "bob"], as: ada)
            let missing = try await host.send(method, ["userId": "zoe"], as: ada)
            #expect(there == missing)
            #expect(there["error"]?["code"] == -32020)
            #expect(there["error"]?["data"]?["missing"] == "scope all")
        }
        #expect(try await host.send("getUser", ["userId": "bob"])["error"]?["data"]?["missing"] == "actor")
        #expect(try await host.call("ping") == [:])
        let unknown = try await host.send("getUser", ["userId": "x"], as: ["id": "x", "role": "nobody"])
        #expect(unknown["error"]?["data"]?["missing"] == "role")
        let refusals = try await host.call("listAuditEvents", ["actor": "ada", "limit": 100], as: admin)["data"]?.array
        #expect(refusals?.count == 10 && refusals?.allSatisfy { $0["outcome"] == "access_denied" } == true)
        let loaded = try await host.call("listAuditEvents", ["method": "policy.load"], as: admin)["data"]?.array
        #expect(loaded?.count == 1)
    }

    @Test("On itself the actor may do everything, and sees nothing of others on the way")
    func onItself() async throws {
        let host = try Host(arguments)
        _ = try await host.call("registerUser", ["userId": "bob", "email": "bob@example.com"], as: admin)
        let created = try await host.call("registerUser", ["userId": "ada", "email": "ada@example.com"], as: ada)
        let customerId = created["customerId"] ?? .null
        #expect(try await host.call("getCustomer", ["customerId": customerId], as: ada)["id"] == customerId)
        #expect(try await host.call("getUserByEmail", ["email": "ADA@example.com"], as: ada)["id"] == "ada")
        #expect(try await host.call("getUserByCustomerId", ["customerId": customerId], as: ada)["id"] == "ada")
        // The address is taken; by whom is not said.
        let taken = try await host.send("updateUser", ["userId": "ada", "email": "bob@example.com"], as: ada)
        #expect(taken["error"]?["data"]?["type"] == "user_already_exists")
        #expect(taken["error"]?["data"]?["userId"] == nil)
        // A customer that nobody here has, under an address that the actor takes on: it stays out of sight.
        _ = try await host.call("createCustomer", ["email": "lone@example.com"], as: admin)
        _ = try await host.call("updateUser", ["userId": "ada", "email": "lone@example.com"], as: ada)
        let found = try await host.call("getCustomerByEmail", ["email": "lone@example.com"], as: ada)
        #expect(found.isNull || found["id"] == customerId)
        #expect(try await host.call("getSyncStatus", ["userId": "ada"], as: ada)["parked"] == [])
    }

    @Test("Whoever else takes on the actor's address, the actor's own customer and row are the answer")
    func ownByAddress() async throws {
        let host = try Host(arguments)
        let mal: JSONValue = ["id": "mal", "role": "member"]
        let created = try await host.call("registerUser", ["userId": "ada", "email": "ada@example.com"], as: admin)
        let other = try await host.call("registerUser", ["userId": "mal", "email": "mal@example.com"], as: admin)
        _ = try await host.call(
            "updateCustomer", ["customerId": other["customerId"] ?? .null, "email": "ada@example.com"], as: mal)
        let byAddress: JSONValue = ["email": "ADA@example.com"]
        #expect(try await host.failure("getCustomerByEmail", byAddress, as: admin) == "ambiguous_customer")
        #expect(try await host.call("getCustomerByEmail", byAddress, as: ada)["id"] == created["customerId"])
        #expect(try await host.call("getUserByEmail", byAddress, as: ada)["id"] == "ada")
        // Her customer has another address by now, and his is not hers.
        _ = try await host.call(
            "updateCustomer", ["customerId": created["customerId"] ?? .null, "email": "new@example.com"], as: ada)
        #expect(try await host.call("getCustomerByEmail", byAddress, as: ada).isNull)
    }

    @Test("Under self an erasure counts the customers that stay for being another's, and names none")
    func erasureOfItself() async throws {
        let host = try Host(arguments)
        let user = try await host.call("registerUser", ["userId": "ada", "email": "ada@example.com"], as: admin)
        let taken = try #require(user["customerId"]?.string)
        _ = try await host.call("unlinkCustomer", ["userId": "ada", "customerId": .string(taken)], as: admin)
        _ = try await host.call("ensureCustomerExists", ["userId": "ada"], as: admin)
        let answer = try await host.call("eraseUser", ["userId": "ada"], as: ada)
        #expect(answer["state"] == "done")
        #expect(!answer.description.contains(taken))
        #expect(answer["kept"]?.array?.contains { $0["what"]?.string?.hasPrefix("1 of the customers") == true } == true)
    }

    @Test(
        "A user gives itself no credit, no tax exemption and no payment method, and no metadata to decide by",
        arguments: [
            ("updateCustomer", "balance", -100_000), ("updateCustomer", "tax_exempt", "exempt"),
            ("updateCustomer", "invoice_settings", ["default_payment_method": "pm_of_somebody"]),
            ("updateCustomer", "email", "bob@example.com"), ("updateUser", "email", "bob@example.com"),
            ("updateUser", "metadata", ["plan": "pro"]), ("createCustomer", "balance", -1),
        ] as [(String, String, JSONValue)])
    func hostsFields(method: String, name: String, value: JSONValue) async throws {
        let host = try Host(arguments)
        let registered = try await host.call("registerUser", ["userId": "ada", "email": "ada@example.com"], as: admin)
        let adas = registered["customerId"] ?? .null
        let before = try await host.call("getCustomer", ["customerId": adas], as: admin)
        var params: JSONObject =
            method == "updateCustomer"
            ? ["customerId": adas]
            : method == "createCustomer" ? ["userId": "ada", "email": "ada@example.com"] : ["userId": "ada"]
        params[name] = value
        let plain: JSONValue = ["id": "ada", "role": "plain"]
        let answer = try await host.send(method, .object(params), as: plain)
        #expect(answer["error"]?["code"] == -32020)
        #expect(answer["error"]?["data"]?["missing"] == "field")
        #expect(answer["error"]?["data"]?["field"]?.string == name)
        // The same for a customer of somebody else's, and for one that nobody has.
        if method == "updateCustomer" {
            params["customerId"] = "cus_unknown"
            #expect(try await host.send(method, .object(params), as: plain) == answer)
        }
        #expect(try await host.call("getCustomer", ["customerId": adas], as: admin) == before)
        let events = try await host.call("listAuditEvents", ["actor": "ada", "limit": 10], as: admin)["data"]?.array
        #expect(events?.first?["details"]?["field"]?.string == name)
        #expect(
            try await host.call("updateUser", ["userId": "ada", "name": "Ada"], as: plain)["user"]?["name"] == "Ada")
    }

    @Test("A policy that means to give a user what is nobody's own is refused at start, in words")
    func neverOwn() async throws {
        for (role, words) in [
            (#"{"methods": ["getUser", "listUsers"], "scope": "self"}"#, "at /roles/m/methods/1: listUsers is never"),
            (#"{"methods": ["getUser"], "scope": "self", "fields": ["balance"]}"#, "at /roles/m/fields/0: "),
            (#"{"methods": ["getUser"], "fields": ["name"]}"#, "at /roles/m/fields: fields are what"),
        ] {
            try "{\"roles\": {\"m\": \(role)}}".write(to: directory.file("policy.json"))
            let run = try await Subprocess.run(arguments)
            #expect(run.status == .exited(78))
            #expect(run.standardError.contains(words), "\(run.standardError)")
        }
    }

    @Test("Under a policy a key is the actor's own: nobody takes another's away, or learns what was done under it")
    func keysOfActors() async throws {
        let host = try Host(arguments)
        let mal: JSONValue = ["id": "mal", "role": "member"]
        let keyed = { (actor: JSONValue, key: JSONValue, params: JSONObject) -> JSONValue in
            var params = params
            params["_meta"] = ["actor": actor, "idempotencyKey": key]
            return .object(params)
        }
        let squatted = try await host.call(
            "registerUser", keyed(mal, "signup", ["userId": "mal", "email": "mal@example.com"]))
        let params: JSONObject = ["userId": "ada", "email": "ada@example.com"]
        let registered = try await host.call("registerUser", keyed(ada, "signup", params))
        #expect(registered["user"]?["id"] == "ada")
        #expect(try await host.call("registerUser", keyed(ada, "signup", params))["user"] == registered["user"])
        // The same id in another role is the same actor.
        let plain: JSONValue = ["id": "ada", "role": "admin"]
        #expect(try await host.call("registerUser", keyed(plain, "signup", params))["user"] == registered["user"])
        // At Stripe the same text of two actors is two keys as well.
        for (actor, user) in [(mal, squatted), (ada, registered)] {
            let change: JSONObject = ["customerId": user["customerId"] ?? .null, "phone": "+44 1"]
            #expect(try await host.call("updateCustomer", keyed(actor, "phone", change))["id"] == user["customerId"])
        }
        let other = try await host.send("registerUser", keyed(admin, "signup", params))
        #expect(other["error"]?["data"]?["type"] == "user_already_exists")
    }

    @Test("Each entry of a batch is decided by itself")
    func batch() async throws {
        let host = try Host(arguments)
        _ = try await host.call("registerUser", ["userId": "ada", "email": "ada@example.com"], as: admin)
        _ = try await host.call("registerUser", ["userId": "bob", "email": "bob@example.com"], as: admin)
        let calls = ["ada", "bob"].map { id -> JSONValue in
            [
                "jsonrpc": "2.0", "id": .string(id), "method": "getUser",
                "params": ["userId": .string(id), "_meta": ["actor": ada]],
            ]
        }
        try await host.process.write(JSONValue.array(calls).description)
        let answers = try JSONValue(parsing: Array(try #require(try await host.process.readLine()).utf8)).array
        #expect(answers?[0]["result"]?["id"] == "ada")
        #expect(answers?[1]["error"]?["code"] == -32020)
    }

    @Test("A wrong policy is refused at start, in one line with the place of the fault")
    func wrongPolicy() async throws {
        try #"{"roles": {"admin": {"methods": ["getUsr"]}}}"#.write(to: directory.file("policy.json"))
        let run = try await Subprocess.run(arguments)
        #expect(run.status == .exited(78))
        #expect(run.standardError.contains("/roles/admin/methods/0"))
        #expect(run.standardError.contains("\(directory.file("policy.json")), is not a policy"), "\(run.standardError)")
        #expect(run.standardError.contains("did you mean getUser?"), "\(run.standardError)")
        #expect(run.standardError.split(separator: "\n").count == 1)
        try #"{"roles": {"ad\nmin\u009b": {"methods": ["getUsr"]}}}"#.write(to: directory.file("policy.json"))
        let hostile = try await Subprocess.run(arguments)
        #expect(hostile.status == .exited(78))
        #expect(hostile.standardError.contains(#"at /roles/ad\u000amin\u009b/methods/0"#))
        #expect(hostile.standardError.split(separator: "\n").count == 1)
        let missing = try await Subprocess.run(["--sandbox", "--database", ":memory:", "--policy", "/none"])
        #expect(missing.status == .exited(78))
    }
}
