import AccessPolicy
import CustomerService
import Interface
import JSON
import Testing

/// The full matrix: every role, every method, on the actor's own and on others.
@Suite("Access decisions") struct AccessDecisionTests {
    static let policy: AccessPolicy? = try? AccessPolicy(
        parsing: Array(
            """
            {"roles": {
                "admin": {"methods": ["*"]},
                "support": {"methods": ["getUser", "getCustomer", "listUsers"], "scope": "all"},
                "member": {"methods": ["*"], "scope": "self"},
                "reader": {"methods": ["getUser"], "scope": "self"},
                "trusted": {"methods": ["*", "linkCustomer", "unlinkCustomer", "restoreCustomer"], "scope": "self",
                    "fields": ["email", "metadata", "name"]},
                "mute": {"methods": ["*"], "scope": "self", "fields": []}}}
            """.utf8), for: CustomerService.description)
    static let own = Ownership(customerId: "cus_own", email: "Own@example.com")
    static let open: Set<String> = ["ping", "health", "rpc.discover"]

    /// By method, params about the actor alone and params about somebody else; both fit the method's schema. What is
    /// missing here is about everybody or nobody.
    static let aboutSomebody: [String: (own: JSONObject, other: JSONObject)] = {
        let user: (own: JSONObject, other: JSONObject) = (["userId": "me"], ["userId": "you"])
        let customer: (own: JSONObject, other: JSONObject) = (["customerId": "cus_own"], ["customerId": "cus_other"])
        let email: (own: JSONObject, other: JSONObject) = (["email": "own@example.com"], ["email": "you@example.com"])
        let pair: (own: JSONObject, other: JSONObject) = (
            ["userId": "me", "customerId": "cus_own"], ["userId": "me", "customerId": "cus_other"]
        )
        return [
            "createCustomer": (["email": "own@example.com", "userId": "me"], ["email": "own@example.com"]),
            "registerUser": (["name": "Me", "userId": "me"], ["name": "Me"]),
            "updateCustomer": customer, "getCustomer": customer, "getCustomerByEmail": email,
            "deleteCustomer": customer, "archiveCustomer": customer, "restoreCustomer": customer,
            "syncCustomerWithUser": user, "ensureCustomerExists": user, "updateUser": user, "getUser": user,
            "getUserByEmail": email, "getUserByCustomerId": customer, "deleteUser": user, "linkCustomer": pair,
            "unlinkCustomer": pair, "getSyncStatus": user, "exportUserData": user, "eraseUser": user,
        ]
    }()

    /// Methods that undo what the host has decided: no `*` gives them to a user.
    static let named: Set<String> = ["linkCustomer", "unlinkCustomer", "restoreCustomer"]

    private func decide(
        _ role: String?, _ method: String, _ params: JSONObject, owning own: Ownership = own
    ) async throws -> AccessDecision {
        let actor = role.map { CallActor(id: "me", role: $0) }
        return try await #require(Self.policy).decide(
            AccessRequest(actor: actor, method: method, params: params)
        ) { own }
    }

    @Test("Every role on every method, its own and others'", arguments: CustomerService.description.names)
    func matrix(method: String) async throws {
        let (own, other) = Self.aboutSomebody[method] ?? ([:], [:])
        for params in [own, other] {
            let isOwn =
                Self.aboutSomebody[method] != nil && params.members.count == own.members.count
                && zip(params.members, own.members).allSatisfy { $0.value == $1.value }
            let expected: [String?: AccessDecision]
            if Self.open.contains(method) {
                expected = [nil: .allow, "admin": .allow, "support": .allow, "member": .allow, "nobody": .allow]
            } else {
                expected = [
                    nil: .deny(.actor), "nobody": .deny(.role), "admin": .allow,
                    "support": ["getUser", "getCustomer", "listUsers"].contains(method) ? .allow : .deny(.method),
                    "member": Self.named.contains(method)
                        ? .deny(.method) : isOwn ? .allowOnSelf : .deny(.scopeAll),
                    "trusted": isOwn ? .allowOnSelf : .deny(.scopeAll),
                    "reader": method != "getUser" ? .deny(.method) : isOwn ? .allowOnSelf : .deny(.scopeAll),
                ]
            }
            for (role, decision) in expected {
                #expect(try await decide(role, method, params) == decision, "\(role ?? "no actor") \(params)")
            }
        }
    }

    @Test(
        "self is not escaped by a further member, another spelling or what the member claims",
        arguments: [
            ("getUser", ["userId": "ME"]), ("getUser", ["userId": "me\u{200B}"]), ("getUser", [:]),
            ("getSyncStatus", [:]), ("getUserByEmail", ["email": "o\u{301}wn@example.com"]),
            // The Kelvin sign is a "k" to lowercased().
            ("getCustomerByEmail", ["email": "own@example.com\u{212A}"]),
            ("listCustomers", ["email": "own@example.com"]),
            ("updateCustomer", ["customerId": "cus_own", "userId": "you"]),
            ("registerUser", ["name": "Me"]), ("createCustomer", ["email": "own@example.com"]),
            ("linkCustomer", ["userId": "me", "customerId": "cus_other"]),
            ("linkCustomer", ["customerId": "cus_own", "userId": "you"]),
            ("syncAllUsers", ["userId": "me"]), ("someNewMethod", ["userId": "me"]),
        ] as [(String, JSONObject)])
    func escapes(method: String, params: JSONObject) async throws {
        #expect(try await decide("trusted", method, params) == .deny(.scopeAll))
        let reversed = JSONObject(params.members.reversed())
        #expect(try await decide("trusted", method, reversed) == .deny(.scopeAll))
    }

    // MARK: What the actor may decide about itself

    /// By method, what a member of its params may be under `self`: `default` unless the role says `fields`, `named` only if
    /// it does, a list of values, or anything. Whatever is not here is refused.
    static let members: [String: [String: Rule]] = {
        let customer: [String: Rule] = [
            "name": .default, "phone": .default, "address": .default, "shipping": .default,
            "preferred_locales": .default, "email": .named,
        ]
        let user: [String: Rule] = ["name": .default, "phone": .default, "email": .named, "metadata": .named]
        return [
            "createCustomer": customer.merging(["onDuplicateEmail": .only(["error", "return"], not: ["allow"])]) { $1 },
            "updateCustomer": customer, "updateUser": user,
            "registerUser": user.merging(["emailVerified": .only([false], not: [true])]) { $1 },
            "deleteCustomer": ["force": .only([false], not: [true])],
            "eraseUser": ["force": .only([false], not: [true])],
            "deleteUser": [
                "force": .only([false], not: [true]), "customer": .only(["archive"], not: ["delete", "keep"]),
            ],
            "ensureCustomerExists": [
                "verify": .only([true, false], not: []), "emailVerified": .only([false], not: [true]),
            ],
        ]
    }()

    enum Rule: Sendable {
        case `default`, named
        case only([JSONValue], not: [JSONValue])
    }

    /// Whom the method is about, as `aboutSomebody` has it.
    static let subjects: Set<String> = ["userId", "customerId"]

    @Test(
        "Of every member of every method it is decided what a user may do with it",
        arguments: aboutSomebody.keys.sorted())
    func everyMember(method: String) async throws {
        let own = try #require(Self.aboutSomebody[method]).own
        let names = (CustomerService.description[method]?.paramsSchema["properties"]?.object?.members ?? []).map(
            \.name)
        for name in names where name != "_meta" && !Self.subjects.contains(name) {
            if own[name] != nil, name == "email", method != "createCustomer" { continue }
            let rule = Self.members[method]?[name]
            let values: [(JSONValue, isAllowed: Bool?)] =
                switch rule {
                case .only(let good, let bad): good.map { ($0, true) } + bad.map { ($0, false) }
                default: [("x@example.com", nil), (.null, nil)]
                }
            for (value, isAllowed) in values {
                var params = own
                params[name] = value
                let refused = AccessDecision.deny(.field(name))
                let byDefault = if case .default? = rule { true } else { isAllowed ?? false }
                let isNamed = if case .named? = rule { true } else { name == "name" && rule != nil }
                let isGiven = isAllowed ?? isNamed
                if !Self.named.contains(method) {
                    #expect(
                        try await decide("member", method, params) == (byDefault ? .allowOnSelf : refused), "\(name)")
                    let isMute = isAllowed ?? false
                    #expect(
                        try await decide("mute", method, params.without("name", unless: name))
                            == (isMute ? .allowOnSelf : refused), "mute, \(name)")
                }
                #expect(try await decide("trusted", method, params) == (isGiven ? .allowOnSelf : refused), "\(name)")
            }
        }
    }

    @Test(
        "A member that is the host's is refused whatever else is said, and before anything is read",
        arguments: [
            ("updateCustomer", "balance", -100_000), ("updateCustomer", "tax_exempt", "exempt"),
            ("updateCustomer", "invoice_settings", ["default_payment_method": "pm_1"]),
            ("updateCustomer", "metadata", ["plan": "pro"]), ("updateCustomer", "metadata", .null),
            ("createCustomer", "balance", -1), ("createCustomer", "metadata", [:]),
            ("updateUser", "metadata", ["plan": "pro"]), ("updateUser", "email", "you@example.com"),
            ("registerUser", "email", "you@example.com"), ("registerUser", "emailVerified", true),
            ("ensureCustomerExists", "emailVerified", true),
            ("ensureCustomerExists", "verifiedEmail", "own@example.com"),
            ("ensureCustomerExists", "verifiedEmail", "own@example.com"),
            ("linkCustomer", "takeOver", true), ("getUser", "someNewMember", true),
        ] as [(String, String, JSONValue)])
    func hostsMembers(method: String, name: String, value: JSONValue) async throws {
        let role = Self.named.contains(method) ? "trusted" : "member"
        let own = try #require(Self.aboutSomebody[method]).own
        let others = try #require(Self.aboutSomebody[method]).other
        for var params in [own, others] {
            params[name] = value
            let request = AccessRequest(
                actor: CallActor(id: "me", role: role), method: method, params: params)
            let decision = try await #require(Self.policy).decide(request) {
                Issue.record("\(method) has read something")
                return Self.own
            }
            #expect(decision == .deny(.field(name)))
        }
    }

    @Test("createCustomer takes the actor's own address, and another one only where the role may write addresses")
    func address() async throws {
        let params: JSONObject = ["userId": "me", "email": "you@example.com"]
        #expect(try await decide("member", "createCustomer", params) == .deny(.field("email")))
        #expect(try await decide("member", "createCustomer", params, owning: Ownership()) == .deny(.field("email")))
        #expect(try await decide("trusted", "createCustomer", params) == .allowOnSelf)
    }

    @Test(
        "A role that would have on itself what is nobody's own is refused, in words",
        arguments: [
            (#"{"methods": ["getUser", "listUsers"], "scope": "self"}"#, "/roles/a~1b/methods/1", "listUsers"),
            (#"{"methods": ["reconcile"], "scope": "self"}"#, "/roles/a~1b/methods/0", "reconcile"),
            (#"{"methods": ["handleWebhook"], "scope": "self"}"#, "/roles/a~1b/methods/0", "handleWebhook"),
            (
                #"{"methods": ["*"], "scope": "self", "fields": ["balance"]}"#, "/roles/a~1b/fields/0",
                "preferred_locales"
            ),
            (#"{"methods": ["*"], "fields": ["name"]}"#, "/roles/a~1b/fields", "scope"),
            (#"{"methods": ["*"], "scope": "all", "fields": []}"#, "/roles/a~1b/fields", "scope"),
        ])
    func senseless(role: String, pointer: String, word: String) {
        let fault = #expect(throws: PolicyFault.self) {
            try AccessPolicy(parsing: Array("{\"roles\": {\"a/b\": \(role)}}".utf8), for: CustomerService.description)
        }
        #expect(fault?.pointer == pointer)
        #expect(fault?.reason.contains(word) == true, "\(fault?.reason ?? "")")
    }

    @Test(
        "A method is either never a user's own or has its line in the table",
        arguments: CustomerService.description.names)
    func everyMethod(method: String) {
        let text = "{\"roles\": {\"a\": {\"methods\": [\"\(method)\"], \"scope\": \"self\"}}}"
        let isTaken = (try? AccessPolicy(parsing: Array(text.utf8), for: CustomerService.description)) != nil
        #expect(isTaken == (Self.aboutSomebody[method] != nil || Self.open.contains(method)))
    }

    @Test("Who has no customer and no address owns none")
    func ownsNothing() async throws {
        for params: JSONObject in [["customerId": "cus_own"], ["customerId": ""]] {
            #expect(try await decide("member", "getCustomer", params, owning: Ownership()) == .deny(.scopeAll))
        }
    }

    @Test(
        "A wrong policy is refused with the place of the fault",
        arguments: [
            (#"{"roles": {"a": {"methods": ["getUsr"]}}}"#, "/roles/a/methods/0"), (#"{"roles": {}}"#, "/roles"),
            (#"{"roles": {"a": {"methods": ["getUser"], "scope": "any"}}}"#, "/roles/a/scope"),
            (#"{"roles": {"a": {}}}"#, "/roles/a"), (#"{"roles": {"a": {"methods": "*"}}}"#, "/roles/a/methods"),
            (#"{"rolls": {}}"#, ""), (#"{"roles": {"a": {"methods": []}, "a": {"methods": ["*"]}}}"#, ""), ("", ""),
        ])
    func faults(text: String, pointer: String) {
        let fault = #expect(throws: PolicyFault.self) {
            try AccessPolicy(parsing: Array(text.utf8), for: CustomerService.description)
        }
        #expect(fault?.pointer.hasPrefix(pointer) == true, "\(String(describing: fault))")
    }

    @Test(
        "A fault names what was probably meant",
        arguments: [
            (
                #"{"roles": {"a": {"methods": ["*", "createUser"]}}}"#,
                "no method createUser, did you mean registerUser?"
            ),
            (#"{"rolls": {}}"#, #"unknown member "rolls"; did you mean "roles"?"#),
            (#"{"roles": {"a": {"method": ["*"]}}}"#, #"unknown member "method"; did you mean "methods"?"#),
            (#"{"roles": {}}"#, "it has no role"),
        ])
    func meant(text: String, words: String) {
        let fault = #expect(throws: PolicyFault.self) {
            try AccessPolicy(parsing: Array(text.utf8), for: CustomerService.description)
        }
        #expect(fault?.reason.contains(words) == true, "\(String(describing: fault))")
    }
}

extension JSONObject {
    /// Without a member that is about itself, unless that is the one looked at.
    fileprivate func without(_ name: String, unless kept: String) -> JSONObject {
        var object = self
        if name != kept { object[name] = nil }
        return object
    }
}
