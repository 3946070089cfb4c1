import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLite
import TestSupport
import Testing

/// What a host vouches for is one address, to the letter, and nothing that the user has later.
@Suite("Vouching is for one address")
struct VouchingTests {
    private func existing(_ world: World, _ email: String) async throws -> String {
        try #require(try await world.stripe.direct(.post, "/v1/customers", "email=" + email)["id"]?.string)
    }

    private func isDown(_ world: World, _ isDown: Bool) { world.stripe.script { _ in isDown ? .closed : nil } }

    @Test(
        "The address changes between the call and the send: neither the old one's customer nor the new one's is adopted",
        arguments: ["registerUser", "emailVerified", "verifiedEmail"], ["updateUser", "SQL", "SQL and kill"])
    func changed(call: String, change: String) async throws {
        var world = try await World()
        let old = try await existing(world, "old%40example.com")
        let new = try await existing(world, "new%40example.com")
        isDown(world, true)
        switch call {
        case "registerUser":
            try await world.call("registerUser", ["userId": "u1", "email": "old@example.com", "emailVerified": true])
        default:
            try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'old@example.com')")
            let vouch: JSONValue = call == "emailVerified" ? true : "old@example.com"
            _ = await errorOf { () async throws(ServiceError) in
                try await world.call("ensureCustomerExists", ["userId": "u1", call: vouch])
            }
        }
        if change == "updateUser" {
            try await world.call("updateUser", ["userId": "u1", "email": "new@example.com"])
        } else {
            try world.sql("UPDATE users SET email = 'new@example.com'")
        }
        if change == "SQL and kill" { world = try await world.afterKill() }
        isDown(world, false)
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        let customerId = try await world.user("u1").customerId
        #expect(customerId != old && customerId != new)
        #expect(try await world.stripe.customers().count == 3)
    }

    @Test("It outlives a kill while the address is the same")
    func unchanged() async throws {
        let first = try await World()
        let id = try await existing(first, "ADA%40example.com")
        isDown(first, true)
        try await first.call("registerUser", ["userId": "u1", "email": "ada@example.com", "emailVerified": true])
        let world = try await first.afterKill()
        isDown(world, false)
        try await world.settle()
        #expect(try await world.user("u1").customerId == id)
        #expect(try world.sql("SELECT 1 FROM create_intents WHERE vouched_email IS NOT NULL").isEmpty)
    }

    @Test(
        "verifiedEmail counts only when it is the user's address, to the letter, and goes before the boolean",
        arguments: [
            (["verifiedEmail": "ada@example.com"], true), (["verifiedEmail": "Ada@example.com"], false),
            (["verifiedEmail": "bob@example.com"], false), (["emailVerified": true], true),
            (["verifiedEmail": "bob@example.com", "emailVerified": true], false),
            (["verifiedEmail": "ada@example.com", "emailVerified": false], true), ([:], false),
        ] as [(JSONObject, Bool)])
    func verifiedEmail(vouch: JSONObject, isAdopted: Bool) async throws {
        let world = try await World()
        let ids = [try await existing(world, "ada%40example.com"), try await existing(world, "bob%40example.com")]
        try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'ada@example.com')")
        var params = vouch
        params["userId"] = "u1"
        let answer = try await world.call("ensureCustomerExists", params)
        #expect((answer["customerId"]?.string == ids[0]) == isAdopted)
        #expect(answer["customerId"]?.string != ids[1])
    }

    @Test("A call vouches for a create that an earlier call left behind")
    func pendingCreate() async throws {
        let world = try await World()
        let id = try await existing(world, "ada%40example.com")
        isDown(world, true)
        try await world.call("registerUser", ["userId": "u1", "email": "ada@example.com"])
        isDown(world, false)
        await world.clock.sleep(61_000)
        let answer = try await world.call(
            "ensureCustomerExists", ["userId": "u1", "verifiedEmail": "ada@example.com"])
        #expect(answer["customerId"]?.string == id)
    }
}
