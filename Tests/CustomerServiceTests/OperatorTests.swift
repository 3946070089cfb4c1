import CustomerService
import CustomerStore
import Environment
import HTTP
import JSON
import TestSupport
import Testing

/// What only the operator can mend holds the queue, parks nobody, and is over by itself.
@Suite("What waits for the operator")
struct OperatorTests {
    static let refusals: [FaultyStripe.Refusal] = [
        .init(400), .init(400, code: "parameter_unknown", param: "phone"), .init(400, param: "currency"),
        .init(404), .init(401), .init(403), .init(403, code: "account_invalid"),
        .init(402, type: "card_error", code: "card_declined"), .init(424, type: "external_dependency_error"),
    ]

    @Test("Changes, creates, archives and deletions wait, are told, and go on once it is gone", arguments: refusals)
    func held(refusal: FaultyStripe.Refusal) async throws {
        let world = try await World()
        for id in ["u1", "u2", "u3"] {
            try await world.call("registerUser", ["userId": .string(id), "email": .string("\(id)@example.com")])
        }
        world.stripe.refuse { $0.route.isMutation ? refusal : nil }
        let answer = try await world.call("updateUser", ["userId": "u1", "name": "Ada"])
        #expect(answer["sync"]?["state"]?.string == "pending")
        try await world.call("registerUser", ["userId": "u4", "email": "u4@example.com"])
        #expect(try await world.call("deleteUser", ["userId": "u2"])["state"]?.string == "pending")
        let deleted = try await world.call("deleteUser", ["userId": "u3", "customer": "delete"])
        #expect(deleted["state"]?.string == "pending")
        for _ in 1...3 {
            await world.worker.drain()
            await world.clock.sleep(61_000)
        }
        #expect(try await world.store.queueStatus().parked == 0)
        for method in ["health", "getSyncStatus"] {
            let waits = try await world.call(method, [:])["waitsForOperator"]
            #expect(waits?["changes"]?.int64 == 4, "\(method)")
            #expect(waits?["reasons"]?.array?.first?["reason"]?.string?.isEmpty == false)
        }
        world.stripe.refuse { _ in nil }
        try await world.settle()
        try await world.expectPromises(users: ["u1", "u4"], gone: ["u2", "u3"])
        #expect(try await world.call("health", [:])["waitsForOperator"]?["changes"]?.int64 == 0)
    }

    @Test("One customer that Stripe refuses without a reason holds up nobody else")
    func one() async throws {
        let world = try await World()
        for id in ["u1", "u2"] {
            try await world.call("registerUser", ["userId": .string(id), "email": .string("\(id)@example.com")])
        }
        let first = try #require(try await world.user("u1").customerId)
        world.stripe.refuse { $0.customerId == first ? FaultyStripe.Refusal(400) : nil }
        try world.sql("UPDATE users SET name = 'Ada'")
        await world.worker.drain()
        #expect(try await world.customer(of: "u2")["name"]?.string == "Ada")
        #expect(try await world.store.queueStatus().parked == 0)
        #expect(try await world.store.queueStatus().pending == 1)
    }
}
