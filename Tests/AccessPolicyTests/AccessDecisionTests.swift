import AccessPolicy
import JSON
import Schemas
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
                "reader": {"methods": ["getUser"], "scope": "self"}}}
            """.utf8))
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
            "createCustomer": (["email": "a@example.com", "userId": "me"], ["email": "own@example.com"]),
            "registerUser": (["email": "a@example.com", "userId": "me"], ["email": "own@example.com"]),
            "updateCustomer": customer, "getCustomer": customer, "getCustomerByEmail": email,
            "deleteCustomer": customer, "archiveCustomer": customer, "restoreCustomer": customer,
            "syncCustomerWithUser": user, "ensureCustomerExists": user, "updateUser": user, "getUser": user,
            "getUserByEmail": email, "getUserByCustomerId": customer, "deleteUser": user, "linkCustomer": pair,
            "unlinkCustomer": pair, "getSyncStatus": user, "exportUserData": user, "eraseUser": user,
        ]
    }()

    private func decide(_ role: String?, _ method: String, _ params: JSONObject) throws -> AccessDecision {
        let actor = role.map { AccessRequest.Actor(id: "me", role: $0) }
        return try #require(Self.policy).decide(
            AccessRequest(actor: actor, method: method, params: params), owning: Self.own)
    }

    @Test("Every role on every method, its own and others'", arguments: Schemas.methods)
    func matrix(method: String) throws {
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
                    "member": isOwn ? .allowOnSelf : .deny(.scopeAll),
                    "reader": method != "getUser" ? .deny(.method) : isOwn ? .allowOnSelf : .deny(.scopeAll),
                ]
            }
            for (role, decision) in expected {
                #expect(try decide(role, method, params) == decision, "\(role ?? "no actor") \(params)")
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
            ("updateCustomer", ["customerId": "cus_own", "metadata": ["userId": "you"]]),
            ("updateCustomer", ["customerId": "cus_own", "metadata": ["userId": .null]]),
            ("updateCustomer", ["customerId": "cus_own", "metadata": .null]),
            ("ensureCustomerExists", ["userId": "me", "emailVerified": true]),
            ("registerUser", ["email": "you@example.com", "userId": "me", "emailVerified": true]),
            ("registerUser", ["email": "own@example.com"]), ("createCustomer", ["email": "own@example.com"]),
            ("linkCustomer", ["userId": "me", "customerId": "cus_other"]),
            ("linkCustomer", ["customerId": "cus_own", "userId": "you"]),
            ("syncAllUsers", ["userId": "me"]), ("someNewMethod", ["userId": "me"]),
        ] as [(String, JSONObject)])
    func escapes(method: String, params: JSONObject) throws {
        #expect(try decide("member", method, params) == .deny(.scopeAll))
        let reversed = JSONObject(params.members.reversed())
        #expect(try decide("member", method, reversed) == .deny(.scopeAll))
    }

    @Test("Who has no customer and no address owns none")
    func ownsNothing() throws {
        let actor = AccessRequest.Actor(id: "me", role: "member")
        for params: JSONObject in [["customerId": "cus_own"], ["customerId": ""]] {
            let request = AccessRequest(actor: actor, method: "getCustomer", params: params)
            #expect(try #require(Self.policy).decide(request, owning: Ownership()) == .deny(.scopeAll))
        }
    }

    @Test(
        "A wrong policy is refused with the place of the fault",
        arguments: [
            (#"{"roles": {"a": {"methods": ["getUsr"]}}}"#, "/roles/a/methods/0"),
            (#"{"roles": {"a": {"methods": ["getUser"], "scope": "any"}}}"#, "/roles/a/scope"),
            (#"{"roles": {"a": {}}}"#, "/roles/a"), (#"{"roles": {"a": {"methods": "*"}}}"#, "/roles/a/methods"),
            (#"{"rolls": {}}"#, ""), (#"{"roles": {"a": {"methods": []}, "a": {"methods": ["*"]}}}"#, ""), ("", ""),
        ])
    func faults(text: String, pointer: String) {
        let fault = #expect(throws: PolicyFault.self) { try AccessPolicy(parsing: Array(text.utf8)) }
        #expect(fault?.pointer.hasPrefix(pointer) == true, "\(String(describing: fault))")
    }
}
