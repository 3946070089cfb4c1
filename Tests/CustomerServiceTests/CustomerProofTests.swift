import JSON
import Stripe
import Testing

@testable import CustomerService

/// The rule by which a customer that was found is the one that was sought.
@Suite("What proves whose customer it is")
struct CustomerProofTests {
    private static let sentAt: Int64 = 1_800_000_000

    private func sought(
        _ addresses: [String?] = ["ada@example.com"], app: String? = nil, isSent: Bool = true
    ) -> SoughtCustomer {
        SoughtCustomer(
            userId: "u1", addresses: addresses, app: app, sentSince: isSent ? Self.sentAt * 1_000 : nil,
            idempotencyKey: "key",
            isKeyDead: false)
    }

    private func customer(_ members: JSONObject) throws -> Customer {
        var object: JSONObject = [
            "id": "cus_1", "object": "customer", "created": .number(JSONNumber(Self.sentAt + 5)),
            "email": "ada@example.com", "metadata": ["userId": "u1"],
        ]
        for member in members.members { object[member.name] = member.value }
        return try #require(Customer(object))
    }

    static let cases: [(JSONObject, CustomerProof?)] = [
        ([:], .create),
        (["email": "ADA@Example.com"], .create),
        // Of before the create, or of after it can have been carried out.
        (["created": .number(JSONNumber(sentAt - 599))], .create),
        (["created": .number(JSONNumber(sentAt - 601))], .user),
        (["created": .number(JSONNumber(sentAt + 24 * 3_600))], .create),
        (["created": .number(JSONNumber(sentAt + 26 * 3_600))], .user),
        (["created": .null], .user),
        // Another's, nobody's, nobody's any more.
        (["metadata": ["userId": "U1"]], nil), (["metadata": ["userId": "u2"]], nil), (["metadata": [:]], nil),
        (["deleted": true], nil), (["metadata": ["userId": "u1", "stripe_customers_archived_at": "x"]], nil),
        // The id alone says nothing: another application numbers its users too.
        (["email": "stranger@other.example"], nil), (["email": .null], nil), (["email": "ad\u{E1}@example.com"], nil),
    ]

    @Test("The user's id, and an address or the time", arguments: cases.indices)
    func customers(index: Int) throws {
        let (members, proof) = Self.cases[index]
        #expect(try sought().proof(of: customer(members)) == proof, "\(members)")
        // Where nobody knows when it was sent, it may be of any time.
        var ageless = sought()
        ageless.sentSince = 0
        #expect(
            ageless.proof(of: try customer(members))
                == (proof == nil || members["created"]?.isNull == true ? proof : .create))
        // Of a create that was not sent nothing can have come.
        #expect(try sought(isSent: false).proof(of: customer(members)) == (proof == nil ? nil : .user), "\(members)")
    }

    @Test(
        "What was sent counts as well as what the user has now, and no address is none",
        arguments: [
            (["ada@example.com", "new@example.com"], "new@example.com", true), ([nil, "ada@example.com"], nil, false),
            ([nil], nil, false), ([nil], "", false), ([nil], "ada@example.com", false),
            (["\u{212A}@example.com"], "k@example.com", false),
        ] as [([String?], String?, Bool)])
    func addresses(addresses: [String?], found: String?, isProven: Bool) throws {
        let customer = try customer(["email": found.map { .string($0) } ?? .null])
        #expect((sought(addresses).proof(of: customer) != nil) == isProven)
    }

    @Test(
        "The mark of the application is proof whatever the address, and another's takes the address's proof away",
        arguments: [
            ("shop", "shop", true), ("shop", "forum", false), (nil, "forum", false), ("shop", nil, false),
        ] as [(String?, String?, Bool)])
    func marks(app: String?, mark: String?, isProven: Bool) throws {
        var metadata: JSONObject = ["userId": "u1"]
        metadata["stripe_customers_app"] = mark.map { .string($0) }
        let moved = try customer(["email": "moved@else.example", "metadata": .object(metadata)])
        #expect((sought(app: app).proof(of: moved) != nil) == isProven)
        let same = try customer(["metadata": .object(metadata)])
        #expect((sought(app: app).proof(of: same) != nil) == (isProven || mark == nil))
    }

    @Test("A stored time that makes no sense is none", arguments: [Int64.min, .max])
    func senselessTime(time: Int64) throws {
        let sought = SoughtCustomer(
            userId: "u1", addresses: ["ada@example.com"], app: nil, sentSince: time, idempotencyKey: "key",
            isKeyDead: false)
        #expect(try sought.proof(of: customer([:])) == .user)
    }

    static let events: [(JSONObject, CustomerProof?)] = [
        (["type": "customer.created", "request": ["idempotency_key": "key"]], .create),
        (["type": "customer.updated", "request": ["idempotency_key": "key"]], nil),
        (["type": "customer.created", "data": ["object": ["id": "cus_1", "email": "Ada@example.com"]]], .create),
        (["type": "customer.created", "data": ["object": ["id": "cus_2", "email": "ada@example.com"]]], nil),
        (
            [
                "type": "customer.updated",
                "data": ["object": ["id": "cus_1"], "previous_attributes": ["email": "ada@example.com"]],
            ], .create
        ),
        (["type": "customer.updated", "data": ["object": ["id": "cus_1", "email": "eve@example.com"]]], nil),
    ]

    @Test(
        "An event tells of the address that a customer had, and of the key it was made under", arguments: events.indices
    )
    func byEvent(index: Int) throws {
        var (event, proof) = Self.events[index]
        event["id"] = "evt_1"
        event["object"] = "event"
        if event["data"] == nil { event["data"] = ["object": ["id": "cus_1"]] }
        var data = event["data"]?.object ?? [:]
        var object = data["object"]?.object ?? [:]
        object["object"] = "customer"
        data["object"] = .object(object)
        event["data"] = .object(data)
        let told = try #require(WebhookEvent(event))
        #expect(try sought().proof(of: customer(["email": "moved@example.com"]), by: told) == proof)
        #expect(try sought().proof(of: customer(["metadata": ["userId": "u2"]]), by: told) == nil)
    }
}
