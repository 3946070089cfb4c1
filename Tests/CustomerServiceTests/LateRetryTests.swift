import CustomerService
import CustomerStore
import Interface
import JSON
import SQLite
import TestSupport
import Testing

/// A call that was cut off may come again long after, when what it made is gone.
@Suite("Late repetitions under an idempotency key")
struct LateRetryTests {
    private let ada: JSONObject = ["userId": "ada", "email": "ada@example.com"]

    private func failure(
        _ world: World, _ method: String, _ params: JSONObject, key: String? = nil
    ) async -> ServiceError.Kind? {
        await errorOf { () async throws(ServiceError) in try await world.call(method, params, key: key) }?.kind
    }

    private func customers(_ world: World) async throws -> Int {
        try await world.stripe.liveCustomers()["ada"]?.count ?? 0
    }

    @Test(
        "A registration brings back no user who was deleted or erased", arguments: ["deleteUser", "eraseUser", "SQL"])
    func registration(end: String) async throws {
        let world = try await World()
        try await world.call("registerUser", ada, key: "K")
        if end == "SQL" { try world.sql("DELETE FROM users") } else { try await world.call(end, ["userId": "ada"]) }
        try await world.settle()
        let before = try await customers(world)
        #expect(await failure(world, "registerUser", ada, key: "K") == .userNotFound)
        #expect(try await !world.isUser("ada"))
        #expect(try await customers(world) == before)
        var other = ada
        other["name"] = "Ada"
        #expect(await failure(world, "registerUser", other, key: "K") == .idempotencyConflict)

        // Under another key, or none, the id is free.
        let again = try await world.call("registerUser", ada, key: "L")
        #expect(again["customerId"]?.string != nil)
        #expect(try await world.call("registerUser", ada, key: "L")["user"] == again["user"])
        #expect(await failure(world, "registerUser", ada, key: "K") == .userNotFound)
        try await world.call("deleteUser", ["userId": "ada"])
        try await world.call("registerUser", ada)
        for key in ["K", "L"] { #expect(await failure(world, "registerUser", ada, key: key) == .userNotFound) }
        #expect(try await world.isUser("ada"))
    }

    @Test("While an erasure waits for Stripe, too")
    func pendingErasure() async throws {
        let world = try await World()
        try await world.call("registerUser", ada, key: "K")
        world.stripe.script { $0.route == .delete ? .unsaved500 : nil }
        #expect(try await world.call("eraseUser", ["userId": "ada"])["state"]?.string == "pending")
        #expect(await failure(world, "registerUser", ada, key: "K") == .userNotFound)
        try await world.call("registerUser", ada, key: "L")
        world.stripe.script { _ in nil }
        try await world.settle()
        #expect(await failure(world, "registerUser", ada, key: "K") == .userNotFound)
        // The new life has its key still.
        #expect(try await world.call("registerUser", ada, key: "L")["user"]?["id"]?.string == "ada")
    }

    @Test("A customer that was made under a key and erased with the user who got it is not made again")
    func customer() async throws {
        let world = try await World()
        let params: JSONObject = ["email": "ada@example.com"]
        let made = try await world.call("createCustomer", params, key: "C")
        try await world.call("registerUser", ada)
        let own = try await world.user("ada").customerId ?? ""
        try await world.call("unlinkCustomer", ["userId": "ada", "customerId": .string(own)])
        try await world.call("linkCustomer", ["userId": "ada", "customerId": made["id"] ?? .null])
        try await world.call("eraseUser", ["userId": "ada", "force": true])
        #expect(await failure(world, "createCustomer", params, key: "C") == .customerDeleted)
        #expect(try await world.stripe.liveCustomers()[""] == nil)
    }

    @Test("What stays of an erased user's keys tells nothing, and the erasure says that it stays")
    func seals() async throws {
        let world = try await World()
        try await world.call("registerUser", ada, key: "register-ada@example.com")
        let report = try await world.call("eraseUser", ["userId": "ada"], key: "erase-ada@example.com")
        #expect(report["kept"]?.array?.contains { $0["where"] == "idempotent_calls" } == true)
        let rows = try world.sql("SELECT idempotency_key, request_hash, customer_id, user_id FROM idempotent_calls")
        #expect(rows.count == 2)
        for row in rows {
            #expect(row.text(0)?.utf8.count == 32 && row.text(1)?.utf8.count == 32)
            #expect(row.text(2) == nil && row.text(3) == nil)
        }
        #expect(await failure(world, "registerUser", ada, key: "register-ada@example.com") == .userNotFound)
    }

    @Test("A deletion answers the same again, and reaches no user who has the id since")
    func deletion() async throws {
        let world = try await World()
        try await world.call("registerUser", ada)
        let params: JSONObject = ["userId": "ada", "customer": "delete"]
        let first = try await world.call("deleteUser", params, key: "D")
        #expect(first["customerId"]?.string != nil)
        #expect(try await world.call("deleteUser", params, key: "D") == first)
        try await world.call("registerUser", ada)
        #expect(try await world.call("deleteUser", params, key: "D") == first)
        #expect(try await world.isUser("ada"))
        #expect(await failure(world, "deleteUser", ["userId": "ada"], key: "D") == .idempotencyConflict)
        try await world.call("eraseUser", ["userId": "ada"])
        // The same but for the customer, which is not named any more.
        let late = try await world.call("deleteUser", params, key: "D")
        #expect(late == ["userId": "ada", "customer": "delete", "state": "done"])
    }

    @Test("An erasure under its key goes on while it is pending, and reaches no user who has the id since")
    func erasure() async throws {
        let world = try await World()
        try await world.call("registerUser", ada)
        world.stripe.script { $0.route == .delete ? .unsaved500 : nil }
        #expect(try await world.call("eraseUser", ["userId": "ada"], key: "E")["state"]?.string == "pending")
        world.stripe.script { _ in nil }
        #expect(try await world.call("eraseUser", ["userId": "ada"], key: "E")["state"]?.string == "done")
        #expect(try await world.call("eraseUser", ["userId": "ada"], key: "E")["state"]?.string == "done")
        try await world.call("registerUser", ada)
        #expect(try await world.call("eraseUser", ["userId": "ada"], key: "E")["state"]?.string == "done")
        try await world.settle()
        #expect(try await world.isUser("ada"))
    }
}
