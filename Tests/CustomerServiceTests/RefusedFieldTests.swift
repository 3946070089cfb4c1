import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLite
import TestSupport
import Testing

/// One field that a side refuses holds up no other.
@Suite("Refused fields")
struct RefusedFieldTests {
    private static let longPhone = "+1 555 ext. 42"

    /// Stripe refuses these fields by name.
    private func refusing(_ fields: [String: String]) -> @Sendable (FaultyStripe.Request) -> FaultyStripe.Refusal? {
        { request in
            guard [.create, .update].contains(request.route) else { return nil }
            let bad = fields.sorted { $0.key < $1.key }.first { request.form[$0.key] == $0.value }
            return bad.map { FaultyStripe.Refusal(400, code: "parameter_invalid", param: $0.key) }
        }
    }

    private func fields(_ world: World, _ id: String) async throws -> [String] {
        let user = try await world.call("getSyncStatus", ["userId": .string(id)])["user"]
        return user?["fields"]?.array?.compactMap { $0["field"]?.string } ?? []
    }

    @Test("What is good of an update goes, what is refused is parked by name, and goes once it changes")
    func update() async throws {
        let world = try await World()
        try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com"])
        world.stripe.refuse(refusing(["phone": Self.longPhone]))
        try world.sql("UPDATE users SET phone = ? WHERE id = 'u1'", [.text(Self.longPhone)])
        try world.sql("UPDATE users SET email = 'new@example.com', name = 'Ada' WHERE id = 'u1'")
        await world.worker.drain()
        let customer = try await world.customer(of: "u1")
        #expect(customer["email"]?.string == "new@example.com" && customer["name"]?.string == "Ada")
        #expect(customer["phone"]?.string == nil)
        #expect(try await fields(world, "u1") == ["phone"])
        let status = try await world.call("getSyncStatus", ["userId": "u1"])
        #expect(status["user"]?["state"]?.string == "parked" && status["pending"]?.int64 == 0)
        #expect(status["parked"]?.array?.first?["field"]?.string == "phone")
        #expect(String(decoding: status.serialized(), as: UTF8.self).contains("ext. 42") == false)
        // It costs nothing more, and later changes of other fields go at once.
        let before = world.stripe.watch.figures.requests
        await world.clock.sleep(3_600_000)
        await world.worker.drain()
        #expect(world.stripe.watch.figures.requests == before)
        try world.sql("UPDATE users SET name = 'Ada King' WHERE id = 'u1'")
        await world.worker.drain()
        #expect(world.stripe.watch.figures.requests == before + 1)
        #expect(try await world.customer(of: "u1")["name"]?.string == "Ada King")
        try world.sql("UPDATE users SET phone = '+1 555' WHERE id = 'u1'")
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(try await fields(world, "u1") == [])
    }

    @Test("A create goes without what is refused, field by field, and the same value is not sent again")
    func create() async throws {
        let world = try await World()
        world.stripe.refuse(
            refusing(["phone": Self.longPhone, "email": "bad@example.com", "metadata[plan]": "x", "metadata[b]": "y"]))
        try await world.call(
            "registerUser",
            [
                "userId": "u1", "email": "bad@example.com", "name": "Ada", "phone": .string(Self.longPhone),
                "metadata": ["plan": "x", "b": "y", "good": "z"],
            ])
        // On a busy machine the answer comes before the customer.
        try await world.settle()
        let customer = try await world.customer(of: "u1")
        #expect(customer["name"]?.string == "Ada" && customer["email"]?.string == nil)
        #expect(customer["metadata"]?["good"]?.string == "z" && customer["metadata"]?["plan"] == nil)
        #expect(customer["metadata"]?["userId"]?.string == "u1")
        #expect(try await Set(fields(world, "u1")) == ["email", "phone", "metadata.plan", "metadata.b"])
        await world.worker.drain()
        #expect(try await world.store.queueStatus().pending == 0)
        #expect(world.stripe.watch.figures.created == 1)
        #expect(world.stripe.watch.violations == [])
        try world.sql(
            "UPDATE users SET email = 'good@example.com', phone = NULL, stripe_metadata = '{}' WHERE id = 'u1'")
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
    }

    @Test("All of the metadata that Stripe refuses without saying which stays away, but not the mark")
    func metadata() async throws {
        let world = try await World()
        world.stripe.refuse { request in
            request.form["metadata[plan]"].map { _ in FaultyStripe.Refusal(400, param: "metadata") }
        }
        try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com", "metadata": ["plan": "x"]])
        let customer = try await world.customer(of: "u1")
        #expect(customer["email"]?.string == "u1@example.com")
        #expect(customer["metadata"]?["userId"]?.string == "u1" && customer["metadata"]?["plan"] == nil)
        #expect(try await fields(world, "u1") == ["metadata"])
    }

    @Test("The explicit calls try a refused value again, and name it when the rest has gone")
    func again() async throws {
        let world = try await World()
        world.stripe.refuse(refusing(["phone": "1"]))
        try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com", "phone": "1"])
        let ensured = try await world.call("ensureCustomerExists", ["userId": "u1"])
        #expect(ensured["customerId"]?.string == (try await world.user("u1").customerId))
        try world.sql("UPDATE users SET name = 'Ada' WHERE id = 'u1'")
        let error = await errorOf { () throws(ServiceError) in
            try await world.call("syncCustomerWithUser", ["userId": "u1"])
        }
        #expect(error?.kind == .stripeRequestRejected && error?.details["stripe"]?["param"]?.string == "phone")
        #expect(try await world.customer(of: "u1")["name"]?.string == "Ada")
        let summary = try await world.call("syncAllUsers", [:])
        #expect(summary["failed"]?.int64 == 1)
        world.stripe.refuse { _ in nil }
        try await world.call("syncCustomerWithUser", ["userId": "u1"])
        try await world.expectPromises(users: ["u1"])
    }

    @Test("A forecast counts who will fail, and reconcile doesn't promise what it can't do")
    func forecast() async throws {
        let world = try await World()
        world.stripe.refuse(refusing(["phone": Self.longPhone, "email": "no address"]))
        for id in ["u1", "u2"] {
            try world.sql("INSERT INTO users (id, email) VALUES ('\(id)', '\(id)@example.com')")
        }
        try world.sql("INSERT INTO users (id, email) VALUES ('u3', 'no address')")
        let foreseen = try await world.call("syncAllUsers", ["dryRun": true])
        #expect(foreseen["created"]?.int64 == 2 && foreseen["failed"]?.int64 == 1)
        let done = try await world.call("syncAllUsers", [:])
        #expect(done["created"]?.int64 == 2 && done["failed"]?.int64 == 1)
        try world.sql("UPDATE users SET phone = ? WHERE id = 'u1'", [.text(Self.longPhone)])
        await world.worker.drain()
        let again = try await world.call("syncAllUsers", ["dryRun": true])
        #expect(again["failed"]?.int64 == 2 && again["unchanged"]?.int64 == 1)
        let report = try await world.call("reconcile", ["fix": true])
        let findings = report["findings"]?.array ?? []
        #expect(findings.allSatisfy { $0["fixed"]?.bool == false && $0["kind"]?.string != "missing" })
        for finding in findings { #expect(finding["action"]?.string?.contains("Stripe refuses") == true, "\(finding)") }
    }

    @Test("Inwards one column that a rule of the host's refuses holds up no other")
    func inwards() async throws {
        let world = try await World(wins: ["name", "phone", "email"])
        try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com", "name": "Ada"])
        try world.sql(
            """
            CREATE TRIGGER short_name BEFORE UPDATE OF name ON users WHEN length(new.name) > 5
            BEGIN SELECT RAISE(ABORT, 'the name is too long'); END
            """)
        let id = try #require(try await world.user("u1").customerId)
        await world.clock.sleep(61_000)
        try await world.stripe.direct(
            .post, "/v1/customers/" + id, "name=Augusta+Ada&phone=%2B44&email=new@example.com")
        let report = try await world.call("reconcile", ["fix": true])
        let user = try await world.user("u1")
        #expect(user.phone == "+44" && user.email == "new@example.com" && user.name == "Ada")
        let status = try await world.call("getSyncStatus", ["userId": "u1"])["user"]
        #expect(status?["fields"]?.array?.first?["field"]?.string == "name")
        #expect(status?["fields"]?.array?.first?["refusedBy"]?.string == "users")
        #expect(status?["state"]?.string == "synced")
        #expect(report["fixed"]?.int64 == 0)
        // The edit stays at Stripe, and is taken in once the rule is gone.
        try world.sql("DROP TRIGGER short_name")
        try await world.call("reconcile", ["fix": true])
        #expect(try await world.user("u1").name == "Augusta Ada")
        #expect(try await fields(world, "u1") == [])
    }

    @Test("Who has the id after a deletion meets nothing of what was refused")
    func nextHolder() async throws {
        let world = try await World()
        world.stripe.refuse(refusing(["phone": "1"]))
        try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com", "phone": "1"])
        #expect(try world.sql("SELECT 1 FROM stripe_customers_refused_fields").count == 1)
        try world.sql("UPDATE users SET id = 'u2' WHERE id = 'u1'")
        #expect(try await fields(world, "u2") == ["phone"])
        try world.sql("DELETE FROM users")
        #expect(try world.sql("SELECT 1 FROM stripe_customers_refused_fields").isEmpty)
    }
}
