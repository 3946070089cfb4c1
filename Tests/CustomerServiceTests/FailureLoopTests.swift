import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLite
import TestSupport
import Testing

/// Not random: each request of each operation fails in each way, once and five times in a row (more often than one call
/// tries), and each time the end is the same.
@Suite("Whatever request fails, in whatever way, the end is the same")
struct FailureLoopTests {
    enum Operation: String, CaseIterable, Sendable {
        case ensure, update, deleteAndArchive, deleteBoth, deleteAndKeep, deleteCustomer, adopt, relink
        case erase, nextHolder, refusedPhone
    }

    static let faults =
        FaultyStripe.Fault.outages + FaultyStripe.Fault.operators + FaultyStripe.Fault.oddAnswers
    static let cases = Operation.allCases.flatMap { operation in
        faults.map { (operation, $0) }
    }

    @Test("The first, the second, … request fails", arguments: cases)
    func loop(operation: Operation, fault: FaultyStripe.Fault) async throws {
        // A stalled answer takes real time; once is as good as five times.
        for width in fault == .executedThenStalled ? [1] : [1, 5] {
            for first in 1..<20 {
                let world = try await World(timeout: fault == .executedThenStalled ? 1_500 : 10_000)
                world.stripe.refuse {
                    $0.form["phone"]?.contains("ext.") == true ? FaultyStripe.Refusal(400, param: "phone") : nil
                }
                try await prepare(operation, world)
                try await world.settle()
                world.stripe.script { first..<first + width ~= $0.number ? fault : nil }
                let failure = await errorOf { () async throws(ServiceError) in try await act(operation, world) }
                try await world.settle()
                let wasMet = world.stripe.requestCount >= first
                world.stripe.script { _ in nil }
                if failure != nil { try await repeatedly(operation, world) }
                try await world.settle()
                try await verify(operation, world, "\(fault) at request \(first), \(width) times")
                if !wasMet { break }
            }
        }
    }

    /// What was not acknowledged the host tries again, a minute later, since until then the circuit may be open; three
    /// times, since a busy machine takes longer to answer than the test of a stalled answer waits.
    private func repeatedly(_ operation: Operation, _ world: World) async throws {
        for attempt in 1...3 {
            await world.clock.sleep(61_000)
            do throws(ServiceError) { return try await act(operation, world) } catch {
                if attempt == 3 || !error.retryable { throw error }
            }
        }
    }

    private func prepare(_ operation: Operation, _ world: World) async throws {
        switch operation {
        case .ensure:
            try world.sql("INSERT INTO users (id, email, name) VALUES ('u1', 'ada@example.com', 'Ada')")
        case .adopt:
            try await world.stripe.direct(.post, "/v1/customers", "email=ada%40example.com&description=kept")
        default:
            try await world.call("registerUser", ["userId": "u1", "email": "ada@example.com", "name": "Ada"])
        }
        if operation == .relink {
            // On a busy machine the registration is answered before the customer is made.
            try await world.settle()
            let id = try #require(try await world.user("u1").customerId)
            try await world.stripe.direct(.delete, "/v1/customers/" + id)
        }
    }

    private func act(_ operation: Operation, _ world: World) async throws(ServiceError) {
        switch operation {
        case .ensure: try await world.call("ensureCustomerExists", ["userId": "u1"])
        case .update:
            try await world.call(
                "updateUser", ["userId": "u1", "email": "ada@lovelace.example", "metadata": ["plan": "pro"]])
        case .deleteAndArchive: try await world.call("deleteUser", ["userId": "u1"])
        case .deleteBoth: try await world.call("deleteUser", ["userId": "u1", "customer": "delete"])
        case .deleteAndKeep: try await world.call("deleteUser", ["userId": "u1", "customer": "keep"])
        case .deleteCustomer:
            let user = try? await world.store.user("u1")
            guard let customerId = user?.customerId else { return }
            do throws(ServiceError) {
                try await world.call("deleteCustomer", ["customerId": .string(customerId)])
            } catch {
                // It was carried out after the first try had given up.
                if error.kind != .customerDeleted { throw error }
            }
        case .adopt:
            if (try? await world.isUser("u1")) == true { return }
            try await world.call("registerUser", ["userId": "u1", "email": "ada@example.com", "emailVerified": true])
        case .relink: try await world.call("ensureCustomerExists", ["userId": "u1", "verify": true])
        case .erase:
            if (try? await world.isUser("u1")) == false { return }
            try await world.call("eraseUser", ["userId": "u1"])
        case .nextHolder:
            if (try? await world.store.user("u1"))??.name == "Bob" { return }
            if (try? await world.isUser("u1")) == true { try await world.call("deleteUser", ["userId": "u1"]) }
            try await world.call("registerUser", ["userId": "u1", "email": "bob@example.com", "name": "Bob"])
        case .refusedPhone:
            do throws(ServiceError) {
                try await world.call(
                    "updateUser", ["userId": "u1", "phone": "+1 555 0100 ext. 42", "email": "ada@lovelace.example"])
            } catch {
                if error.kind != .stripeRequestRejected { throw error }
            }
        }
    }

    private func verify(_ operation: Operation, _ world: World, _ context: String) async throws {
        switch operation {
        case .ensure, .relink: try await world.expectPromises(users: ["u1"], context)
        case .update:
            try await world.expectPromises(users: ["u1"], context)
            #expect(try await world.customer(of: "u1")["metadata"]?["plan"]?.string == "pro", "\(context)")
        case .deleteAndArchive, .deleteBoth:
            try await world.expectPromises(users: [], gone: ["u1"], context)
            #expect(try await world.stripe.customers().count == (operation == .deleteBoth ? 0 : 1), "\(context)")
        case .erase:
            try await world.expectPromises(users: [], gone: ["u1"], context)
            #expect(try await world.stripe.customers().isEmpty, "\(context)")
        case .nextHolder:
            try await world.expectPromises(users: ["u1"], context)
            // The former holder's is archived as it was.
            let names = try await world.stripe.customers().map { $0["name"]?.string }
            #expect(Set(names) == ["Ada", "Bob"] && names.count == 2, "\(names) \(context)")
        case .refusedPhone:
            #expect(try await world.customer(of: "u1")["email"]?.string == "ada@lovelace.example", "\(context)")
            try await world.call("updateUser", ["userId": "u1", "phone": "+15550100"])
            try await world.settle()
            try await world.expectPromises(users: ["u1"], context)
        case .deleteAndKeep:
            #expect(try await !world.isUser("u1"))
            #expect(try await world.stripe.liveCustomers()["u1"]?.count == 1, "\(context)")
        case .deleteCustomer:
            #expect(try await world.user("u1").customerId == nil, "\(context)")
            #expect(try await world.stripe.customers().isEmpty, "\(context)")
            try await world.call("ensureCustomerExists", ["userId": "u1"])
            try await world.expectPromises(users: ["u1"], context)
        case .adopt:
            try await world.expectPromises(users: ["u1"], context)
            #expect(try await world.customer(of: "u1")["description"]?.string == "kept", "\(context)")
            #expect(try await world.stripe.customers().count == 1, "\(context)")
        }
    }
}
