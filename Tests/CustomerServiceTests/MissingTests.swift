import CustomerService
import CustomerStore
import Interface
import JSON
import TestSupport
import Testing

/// What Stripe says is missing is not always the customer.
@Suite("What is missing at Stripe")
struct MissingTests {
    private func world() async throws -> (World, customer: String) {
        let world = try await World()
        try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com"])
        return (world, try #require(try await world.user("u1").customerId))
    }

    /// Of a deleted customer Stripe lists no subscriptions: it refuses, with 400 or 404.
    private func unknownCustomer(_ status: Int) -> @Sendable (FaultyStripe.Request) -> FaultyStripe.Refusal? {
        { request in
            request.route == .other ? FaultyStripe.Refusal(status, code: "resource_missing", param: "customer") : nil
        }
    }

    @Test(
        "A customer that Stripe doesn't know has no subscriptions, and deleteCustomer says so", arguments: [400, 404])
    func deleteUnknown(status: Int) async throws {
        let world = try await World()
        world.stripe.refuse(unknownCustomer(status))
        let error = await errorOf { () throws(ServiceError) in
            try await world.call("deleteCustomer", ["customerId": "cus_never"])
        }
        #expect(error?.kind == .customerNotFound)
    }

    @Test(
        "Deleting and erasing a user whose customer is unknown go on and say so",
        arguments: ["deleteUser", "eraseUser"],
        [400, 404])
    func goesOn(method: String, status: Int) async throws {
        let world = try await World()
        try world.sql("INSERT INTO users (id, email, stripe_customer_id) VALUES ('u1', 'u1@example.com', 'cus_never')")
        world.stripe.refuse(unknownCustomer(status))
        let params: JSONObject = method == "deleteUser" ? ["userId": "u1", "customer": "delete"] : ["userId": "u1"]
        let answer = try await world.call(method, params)
        #expect(answer["state"]?.string == "done")
        if method == "deleteUser" {
            #expect(answer["customerMissing"]?.bool == true)
        } else {
            let said = answer["erased"]?.array?.compactMap { $0["what"]?.string } ?? []
            #expect(said.contains { $0.contains("cus_never: Stripe has no such customer") })
            #expect(!said.contains("customers, deleted"))
        }
        #expect(try await !world.isUser("u1"))
    }

    @Test(
        "A missing source, test clock or payment method is a rejected request, and the customer stays its user's",
        arguments: ["source", "test_clock", "invoice_settings[default_payment_method]"], [400, 404])
    func missingObject(param: String, status: Int) async throws {
        let (world, id) = try await world()
        world.stripe.refuse {
            $0.route == .update ? FaultyStripe.Refusal(status, code: "resource_missing", param: param) : nil
        }
        let error = await errorOf { () throws(ServiceError) in
            try await world.call("updateCustomer", ["customerId": .string(id), "description": "d"])
        }
        #expect(error?.kind == .stripeRequestRejected)
        #expect(error?.details["stripe"]?["param"]?.string == param)
        // A sync that meets it, too.
        try await world.call("updateUser", ["userId": "u1", "name": "Ada"])
        #expect(try await world.user("u1").customerId == id)
        world.stripe.refuse { _ in nil }
        try await world.settle()
        try await world.expectPromises(users: ["u1"])
        #expect(world.stripe.watch.figures.created == 1)
    }

    @Test("What is missing of a call's own fields is the call's business: it hears of it, and it is not sent again")
    func extraField() async throws {
        let world = try await World()
        try world.sql("INSERT INTO users (id, email) VALUES ('u1', 'u1@example.com')")
        world.stripe.refuse { request in
            request.form["source"].map { _ in FaultyStripe.Refusal(400, code: "resource_missing", param: "source") }
        }
        let error = await errorOf { () throws(ServiceError) in
            try await world.call(
                "createCustomer", ["userId": "u1", "email": "u1@example.com", "source": "tok_missing"])
        }
        #expect(error?.kind == .stripeRequestRejected && error?.details["stripe"]?["param"]?.string == "source")
        try await world.call("createCustomer", ["userId": "u1", "email": "u1@example.com", "description": "d"])
        try await world.expectPromises(users: ["u1"])
    }
}
