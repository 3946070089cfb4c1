import CustomerService
import CustomerStore
import HTTP
import Interface
import JSON
import SQLite
import Synchronization
import TestSupport
import Testing

/// A customer goes from one user to another; from then on it is no business of the first one's.
@Suite("Whose customer it is by now")
struct OwnershipTests {
    /// Mal, and vic without a customer.
    private func world() async throws -> (World, customer: String) {
        let world = try await World()
        let mal = try await world.call("registerUser", ["userId": "mal", "email": "mal@example.com"])
        let vic = try await world.call("registerUser", ["userId": "vic", "email": "vic@example.com", "name": "Vic"])
        try await world.call("unlinkCustomer", ["userId": "vic", "customerId": vic["customerId"] ?? .null])
        return (world, try #require(mal["customerId"]?.string))
    }

    private func isDeleted(_ world: World, _ id: String) async throws -> Bool {
        try await world.stripe.direct(.get, "/v1/customers/" + id)["deleted"]?.bool == true
    }

    private func changes(_ world: World, of userId: String) throws -> [String] {
        try world.sql(
            "SELECT json_extract(details, '$.change') FROM audit_events WHERE user_id = ? ORDER BY sequence",
            [.text(userId)]
        ).compactMap { $0.text(0) }
    }

    /// From mal to vic, through the methods or by a program that writes the links itself.
    private func handOver(_ world: World, _ customer: String, bySQL: Bool = false) async throws {
        if bySQL {
            try world.sql("UPDATE users SET stripe_customer_id = NULL WHERE id = 'mal'")
            try world.sql("UPDATE users SET stripe_customer_id = ? WHERE id = 'vic'", [.text(customer)])
        } else {
            try await world.call("unlinkCustomer", ["userId": "mal", "customerId": .string(customer)])
            try await world.call("linkCustomer", ["userId": "vic", "customerId": .string(customer)])
        }
        try await world.call("syncCustomerWithUser", ["userId": "vic"])
    }

    @Test(
        "The first user's export does not show it and the erasure does not delete it, also when the second is gone",
        arguments: [false, true], ["keep", "archive"])
    func exportAndErasure(bySQL: Bool, choice: String) async throws {
        let (world, customer) = try await world()
        try await handOver(world, customer, bySQL: bySQL)
        try await world.call("deleteUser", ["userId": "vic", "customer": .string(choice)])
        try await world.settle()
        let export = try await world.call("exportUserData", ["userId": "mal"])
        #expect(export["formerCustomers"] == [])
        let answer = try await world.call("eraseUser", ["userId": "mal"])
        #expect(answer["state"] == "done")
        #expect(try await !isDeleted(world, customer))
        // It goes with the one that it names.
        try await world.call("eraseUser", ["userId": "vic"])
        #expect(try await isDeleted(world, customer))
    }

    @Test("Linking is recorded")
    func linked() async throws {
        let (world, customer) = try await world()
        try await handOver(world, customer)
        #expect(try changes(world, of: "vic").contains("customer.linked"))
    }

    @Test("A repeated createCustomer gives the customer to its user only, and else to nobody")
    func replay() async throws {
        let (world, first) = try await world()
        try await world.call("deleteCustomer", ["customerId": .string(first)])
        let params: JSONObject = ["userId": "mal", "email": "mal@example.com"]
        let made = try await world.call("createCustomer", params, key: "k1")
        let customer = try #require(made["id"]?.string)
        try await world.call("unlinkCustomer", ["userId": "mal", "customerId": .string(customer)])
        #expect(try await world.call("createCustomer", params, key: "k1")["id"] == made["id"])
        try await world.call("linkCustomer", ["userId": "vic", "customerId": .string(customer)])
        let replay = { () async throws(ServiceError) in try await world.call("createCustomer", params, key: "k1") }
        #expect(await errorOf(replay)?.kind == .idempotencyConflict)
        try await world.call("syncCustomerWithUser", ["userId": "vic"])
        try await world.call("deleteUser", ["userId": "vic", "customer": "keep"])
        #expect(await errorOf(replay)?.kind == .idempotencyConflict)
    }

    @Test("A customer that the search still gives for the user, but that names it no more, stays")
    func staleHit() async throws {
        let (world, own) = try await world()
        let stray = try #require(
            try await world.stripe.direct(.post, "/v1/customers", "email=mal@example.com&metadata[userId]=mal")["id"]?
                .string)
        let stripe = world.stripe
        stripe.observe { request, stage in
            guard request.route == .search, stage == .executed else { return true }
            blocking { _ = try? await stripe.direct(.post, "/v1/customers/" + stray, "metadata[userId]=") }
            return true
        }
        let answer = try await world.call("eraseUser", ["userId": "mal"])
        stripe.observe { _, _ in true }
        #expect(answer["state"] == "done")
        #expect(try await isDeleted(world, own))
        #expect(try await !isDeleted(world, stray))
    }

    // MARK: About to be deleted

    /// An erasure of mal that Stripe holds up, with a second customer that names mal.
    private func pendingErasure() async throws -> (World, stray: String) {
        let (world, _) = try await world()
        let stray = try #require(
            try await world.stripe.direct(.post, "/v1/customers", "email=mal@example.com&metadata[userId]=mal")["id"]?
                .string)
        world.stripe.script { $0.route == .delete ? .closed : nil }
        let answer = try await world.call("eraseUser", ["userId": "mal"])
        #expect(answer["state"] == "pending")
        world.stripe.script { _ in nil }
        return (world, stray)
    }

    @Test("A customer that is about to be deleted is not linked")
    func linkOfDoomed() async throws {
        let (world, stray) = try await pendingErasure()
        let error = await errorOf { () async throws(ServiceError) in
            try await world.call("linkCustomer", ["userId": "vic", "customerId": .string(stray)])
        }
        #expect(error?.kind == .customerDeleted)
        #expect(error?.message.contains("about to be deleted") == true)
        try await world.settle()
        #expect(try await world.user("vic").customerId == nil)
        #expect(try await isDeleted(world, stray))
    }

    @Test("One that another program links all the same is not deleted, and the erasure comes to its end")
    func linkBySQL() async throws {
        let (world, stray) = try await pendingErasure()
        try world.sql("UPDATE users SET stripe_customer_id = ? WHERE id = 'vic'", [.text(stray)])
        try await world.settle()
        #expect(try await !isDeleted(world, stray))
        #expect(try await world.user("vic").customerId == stray)
        #expect(try world.sql("SELECT 1 FROM erasures UNION ALL SELECT 1 FROM disposals").isEmpty)
        #expect(try changes(world, of: "mal").contains("disposal.cancelled"))
    }

    // MARK: Traces

    @Test("A call under the host's key that names the user and came to nothing leaves no trace of its own")
    func unfinishedCall() async throws {
        let (world, own) = try await world()
        try await world.call("unlinkCustomer", ["userId": "mal", "customerId": .string(own)])
        world.stripe.script { $0.route == .create ? .unsaved500 : nil }
        let error = await errorOf { () async throws(ServiceError) in
            try await world.call(
                "createCustomer", ["email": "mal@example.com", "userId": "mal"], key: "mals-second")
        }
        #expect(error?.kind == .stripeUnavailable)
        world.stripe.script { _ in nil }
        #expect(try world.sql("SELECT 1 FROM idempotent_calls").count == 1)
        try await world.call("eraseUser", ["userId": "mal"])
        let rows = try world.sql("SELECT idempotency_key, user_id FROM idempotent_calls")
        #expect(rows.allSatisfy { $0.text(0) != "mals-second" && $0.text(1) == nil })
    }

    @Test("The lease on an address has the same name in every process, and is not the address")
    func addressLease() async throws {
        let world = try await World()
        let names = Mutex<[String]>([])
        world.stripe.observe { request, stage in
            if request.route == .list, stage == .received {
                let rows = try? world.sql("SELECT name FROM leases")
                names.withLock { $0 += (rows ?? []).compactMap { $0.text(0) } }
            }
            return true
        }
        for (process, email) in [(world, "lone@example.com"), (try await world.neighbour(), "LONE@example.com")] {
            try await process.call("createCustomer", ["email": .string(email), "onDuplicateEmail": "return"])
        }
        world.stripe.observe { _, _ in true }
        let seen = names.withLock { Set($0) }
        #expect(seen.count == 1)
        #expect(seen.allSatisfy { !$0.lowercased().contains("lone") })
    }
}
