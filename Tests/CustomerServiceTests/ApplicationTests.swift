import CustomerService
import CustomerStore
import Environment
import HTTP
import JSON
import SQLite
import Stripe
import TestSupport
import Testing

/// Several applications share a Stripe account and number their users alike: `--app` says whose customer is whose.
@Suite("The mark of the application")
struct ApplicationTests {
    // MARK: The rule

    @Test(
        "Whose a customer is, by its mark",
        arguments: [
            ("shop", "shop", .ours), ("shop", "forum", .anothers), ("shop", nil, .unmarked), ("shop", "", .unmarked),
            ("shop", "Shop", .anothers), ("shop", "sho\u{301}p", .anothers), (nil, "shop", .anothers),
            (nil, nil, .unmarked),
        ] as [(String?, String?, CustomerOwnership)])
    func ownership(app: String?, mark: String?, ownership: CustomerOwnership) throws {
        #expect(try customer("u1", mark: mark, email: nil).ownership(under: app) == ownership)
    }

    @Test(
        "Which customer that names a user may be the user's",
        arguments: [
            ("u1", "shop", "else@example.com", true), ("u1", "forum", "ada@example.com", false),
            ("u1", nil, "ADA@example.com", true), ("u1", nil, "else@example.com", false), ("u1", nil, nil, false),
            ("u2", "shop", "ada@example.com", false), ("U1", "shop", "ada@example.com", false),
        ] as [(String, String?, String?, Bool)])
    func belongs(owner: String, mark: String?, email: String?, isUsers: Bool) throws {
        let customer = try customer(owner, mark: mark, email: email)
        #expect(customer.belongs(to: "u1", of: [nil, "ada@example.com"], under: "shop") == isUsers)
    }

    private func customer(_ owner: String, mark: String?, email: String?) throws -> Customer {
        var metadata: JSONObject = ["userId": .string(owner)]
        metadata["stripe_customers_app"] = mark.map { .string($0) }
        var object: JSONObject = ["object": "customer", "id": "cus_1", "metadata": .object(metadata)]
        object["email"] = email.map { .string($0) }
        return try #require(Customer(object))
    }

    // MARK: What is sent

    @Test("It goes with the create, in the same request, and is in the customer of nobody too")
    func created() async throws {
        let world = try await World(app: "shop")
        try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com", "metadata": ["plan": "pro"]])
        #expect(
            try await world.customer(of: "u1")["metadata"]
                == ["plan": "pro", "userId": "u1", "stripe_customers_app": "shop"])
        #expect(world.stripe.watch.figures.created == 1 && world.stripe.requestCount == 3)
        let lone = try await world.call("createCustomer", ["email": "x@example.com", "metadata": ["plan": "pro"]])
        #expect(lone["metadata"] == ["plan": "pro", "stripe_customers_app": "shop"])
    }

    @Test("A sync marks the customers that are linked already, once")
    func named() async throws {
        let unnamed = try await World()
        for id in ["u1", "u2"] {
            try await unnamed.call("registerUser", ["userId": .string(id), "email": .string(id + "@example.com")])
        }
        let world = try await unnamed.neighbour(app: "shop")
        let result = try await world.call("syncCustomerWithUser", ["userId": "u1"])
        #expect(result["outcome"] == "updated" && result["changed"] == ["metadata"])
        let all = try await world.call("syncAllUsers", [:])
        #expect(all["updated"] == 1 && all["unchanged"] == 1)
        for id in ["u1", "u2"] {
            #expect(try await world.customer(of: id)["metadata"]?["stripe_customers_app"] == "shop")
        }
        #expect(found(try await world.call("reconcile", [:])).isEmpty)
        let again = try await world.call("syncAllUsers", [:])
        #expect(again["unchanged"] == 2)
    }

    @Test("Removed at Stripe it is sent again, by event, by reconcile and by a sync that looks")
    func removed() async throws {
        let world = try await World(app: "shop")
        let id = try await register(world)
        for way in ["event", "reconcile", "verify"] {
            try await world.stripe.direct(.post, "/v1/customers/" + id, "metadata[stripe_customers_app]=")
            switch way {
            case "event": try await world.deliver()
            case "reconcile":
                #expect(
                    found(try await world.call("reconcile", ["fix": true]))
                        == ["drift u1 \(id) metadata.stripe_customers_app"])
            default: try await world.call("ensureCustomerExists", ["userId": "u1", "verify": true])
            }
            try await world.settle()
            #expect(try await world.customer(of: "u1")["metadata"]?["stripe_customers_app"] == "shop", "\(way)")
        }
    }

    @Test("A process that has no name yet takes one that the database was given meanwhile, and unmarks nothing")
    func namedMeanwhile() async throws {
        let old = try await World()
        let id = try await register(old)
        let new = try await old.neighbour(app: "shop")
        try await new.call("syncAllUsers", [:])
        try await old.call("updateUser", ["userId": "u1", "name": "Ada"])
        try await old.call("updateCustomer", ["customerId": .string(id), "description": "known"])
        try await old.deliver()
        try await old.settle()
        #expect(old.store.app == "shop")
        let customer = try await old.customer(of: "u1")
        #expect(customer["metadata"]?["stripe_customers_app"] == "shop" && customer["name"] == "Ada")
        #expect(customer["description"] == "known")
    }

    @Test("The first name is kept, another is refused, and none is any")
    func kept() async throws {
        let world = try await World()
        #expect(try await world.store.bind(toApp: nil) == false)
        #expect(try await world.store.bind(toApp: "shop"))
        #expect(try await world.store.bind(toApp: "shop") == false)
        #expect(try await world.store.bind(toApp: nil) == false)
        #expect(world.store.app == "shop")
        let error = await #expect(throws: StoreError.self) { try await world.store.bind(toApp: "forum") }
        #expect(error?.description.contains("shop") == true && error?.description.contains("forum") == true)
        #expect(try await world.call("health", [:])["database"]?["app"] == "shop")
    }

    // MARK: A database begun anew

    @Test(
        "A lost database begun anew under the same name finds all its customers again, whatever became of their address",
        arguments: ["registerUser", "sync", "reconcile", "event"])
    func lost(way: String) async throws {
        let before = try await World(app: "shop")
        var ids: [String] = []
        for number in 1...3 {
            let params: JSONObject = ["userId": .string("u\(number)"), "email": .string("u\(number)@example.com")]
            ids.append(try await before.call("registerUser", params)["customerId"]?.string ?? "")
        }
        let world = try await before.onSameAccount(app: "shop")
        if way != "registerUser" {
            // The list by address, which every way begins with, would find them.
            for id in ids { try await world.stripe.direct(.post, "/v1/customers/" + id, "email=edited@example.com") }
            try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'u1@example.com'), ('u2', 'u2@example.com')")
            try world.sql("INSERT INTO users (id) VALUES ('u3')")
        }
        switch way {
        case "registerUser":
            for number in 1...3 {
                let params: JSONObject = ["userId": .string("u\(number)"), "email": .string("u\(number)@example.com")]
                try await world.call("registerUser", params)
            }
        case "sync":
            // Without an address the search is asked.
            try world.sql("UPDATE users SET email = NULL")
            try await world.call("syncAllUsers", [:])
        case "reconcile":
            try world.sql("DELETE FROM sync_queue")
            try await world.call("reconcile", ["fix": true])
        default:
            try world.sql("DELETE FROM sync_queue")
            // An event of a create of its own says nothing to a database, of which life it is, so somebody else made these.
            for (number, id) in zip(1..., ids) {
                try await world.stripe.direct(.delete, "/v1/customers/" + id)
                let form = "metadata[userId]=u\(number)&metadata[stripe_customers_app]=shop"
                ids[number - 1] = try await world.stripe.direct(.post, "/v1/customers", form)["id"]?.string ?? ""
                try await world.deliver()
            }
        }
        try await world.settle()
        for (number, id) in zip(1..., ids) { #expect(try await world.user("u\(number)").customerId == id) }
        #expect(try await world.stripe.customers().count == 3)
    }

    // MARK: Pieces

    private func register(_ world: World) async throws -> String {
        try #require(
            try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com"])["customerId"]?.string)
    }
}

extension World {
    /// Stripe's events of a type, oldest first.
    func events(of type: String) async throws -> [JSONValue] {
        try await stripe.direct(.get, "/v1/events?limit=100&type=" + type)["data"]?.array?.reversed() ?? []
    }

    /// Delivers an event as Stripe does, without one the newest that there is.
    @discardableResult
    func deliver(_ event: JSONValue? = nil) async throws -> JSONValue {
        var delivered = event
        if delivered == nil {
            delivered = try await stripe.direct(.get, "/v1/events?limit=1")["data"]?.array?.first
        }
        let payload = String(decoding: try #require(delivered).serialized(), as: UTF8.self)
        let signature = WebhookBench.signature(of: payload, at: clock.now() / 1000)
        return try await call("handleWebhook", ["payload": .string(payload), "signature": .string(signature)])
    }
}
