import CustomerService
import HTTP
import JSON
import TestSupport
import Testing

@Suite("One event at Stripe")
struct OneEventTests {
    @Test("takes no call down that is tried again, however many there are", arguments: [1, 8, 40])
    func resets(calls: Int) async throws {
        let world = try await World()
        let id = try await world.stripe.direct(.post, "/v1/customers", "name=Ada")["id"]?.string ?? ""
        world.stripe.script { $0.number <= calls ? .reset : nil }
        let answers = await withTaskGroup(of: Bool.self) { group in
            for _ in 1...calls {
                group.addTask { (try? await world.call("getCustomer", ["customerId": .string(id)])) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(answers == calls)
    }

    @Test("A Stripe that stays away is given up after five attempts in a row, in one call or in many")
    func outage() async throws {
        let world = try await World { _ in .reset }
        for _ in 1...4 { _ = try? await world.call("getCustomer", ["customerId": "cus_1"]) }
        #expect(world.stripe.requestCount <= 6)
    }
}
