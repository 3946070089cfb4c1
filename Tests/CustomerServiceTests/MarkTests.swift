import CustomerService
import CustomerStore
import JSON
import TestSupport
import Testing

/// By `metadata.userId` a lost database finds its customers again: it is the service's own, never an edit to be kept.
@Suite("The mark by which a customer names its user")
struct MarkTests {
    private func mark(_ bench: WebhookBench, _ id: String) async throws -> String? {
        try await bench.customer(id)["metadata"]?["userId"]?.string
    }

    @Test("Removed or changed at Stripe it is drift, which fix repairs", arguments: ["", "somebody"])
    func fix(edit: String) async throws {
        let bench = try await WebhookBench()
        let id = try await bench.register("u1")
        try await bench.edit(id, "metadata[userId]=\(edit)&name=Kept")
        let report = try await bench.call("reconcile", ["fix": true])
        #expect(found(report) == ["drift u1 \(id) name,metadata.userId"] && report["fixed"]?.int64 == 1)
        #expect(try await mark(bench, id) == "u1")
        let next = try await bench.call("reconcile", [:])
        #expect(found(next).isEmpty && next["keptEdits"]?.int64 == 1)
        #expect(try await bench.customer(id)["name"]?.string == "Kept")
    }

    @Test("Where an older version has recorded its removal as an edit, too")
    func recorded() async throws {
        let bench = try await WebhookBench()
        let id = try await bench.register("u1")
        try await bench.edit(id, "metadata=")
        try bench.sql(#"UPDATE synced_profiles SET edits = '{"metadata": {"userId": null}}'"#)
        #expect(found(try await bench.call("reconcile", ["fix": true])) == ["drift u1 \(id) metadata.userId"])
        #expect(try await mark(bench, id) == "u1")
    }

    @Test("An event that tells of its removal leads to a sync", arguments: ["", "somebody"])
    func event(edit: String) async throws {
        let bench = try await WebhookBench()
        let id = try await bench.register("u1")
        try await bench.edit(id, "metadata[userId]=\(edit)")
        _ = try await bench.deliver(bench.newestEvent())
        #expect(try bench.queued == 1)
        await bench.service.worker().drain()
        #expect(try await mark(bench, id) == "u1")
        // Neither the event of that sync nor one that comes late leads to another.
        for event in try await bench.events() { _ = try await bench.deliver(event) }
        #expect(try bench.queued == 0)
    }

    @Test("A sync that looks at the customer sends it again")
    func verify() async throws {
        let bench = try await WebhookBench()
        let id = try await bench.register("u1")
        try await bench.edit(id, "metadata=")
        try await bench.call("ensureCustomerExists", ["userId": "u1", "verify": true])
        #expect(try await mark(bench, id) == "u1")
    }

    @Test("updateCustomer unsets all other metadata and keeps it")
    func cleared() async throws {
        let bench = try await WebhookBench()
        let id = try await bench.register("u1")
        let customerId = JSONValue.string(id)
        try await bench.call(
            "updateCustomer", ["customerId": customerId, "metadata": ["plan": "pro", "userId": "u1"]])
        let answer = try await bench.call(
            "updateCustomer", ["customerId": customerId, "metadata": .null, "name": "B"])
        #expect(answer["metadata"] == ["userId": "u1"] && answer["name"]?.string == "B")
        #expect(try bench.queued == 0)
        // A customer of nobody may name whom it will, or nobody.
        let lone = try await bench.call("createCustomer", ["email": "x@example.com", "metadata": ["userId": "u9"]])
        let freed = try await bench.call("updateCustomer", ["customerId": lone["id"] ?? .null, "metadata": .null])
        #expect(freed["metadata"] == [:])
    }

    @Test("Killed after the metadata was cleared, the next process sends it")
    func killed() async throws {
        let world = try await World()
        try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com"])
        let id = try await world.user("u1").customerId ?? ""
        // Cleared, and no answer comes any more.
        world.stripe.script { $0.route == .update ? .executedThenClosed : nil }
        _ = await errorOf { () async throws(ServiceError) in
            try await world.call("updateCustomer", ["customerId": .string(id), "metadata": .null])
        }
        world.stripe.script { _ in nil }
        let next = try await world.afterKill()
        try await next.settle()
        #expect(try await next.customer(of: "u1")["metadata"]?["userId"]?.string == "u1")
    }

    @Test(
        "updateCustomer of a linked customer refuses another mark, and says what is allowed",
        arguments: ["u2", "", nil])
    func refused(other: String?) async throws {
        let bench = try await WebhookBench()
        let id = try await bench.register("u1")
        let error = await errorOf { () async throws(ServiceError) in
            try await bench.call(
                "updateCustomer",
                ["customerId": .string(id), "metadata": ["userId": other.map { .string($0) } ?? .null]])
        }
        #expect(error?.kind == .invalidParams)
        let violation = error?.details["violations"]?.array?.first
        #expect(violation?["instanceLocation"]?.string == "/metadata/userId")
        #expect(violation?["error"]?.string?.contains("unlinkCustomer") == true)
        #expect(try await mark(bench, id) == "u1")
    }
}
