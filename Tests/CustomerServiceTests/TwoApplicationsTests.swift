import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLite
import TestSupport
import Testing

/// A second application on the same Stripe account, whose users have the same ids and addresses. Whatever one of the two
/// does, and whatever fails meanwhile, the customers of the other stay as they are.
@Suite("Two applications on one Stripe account", .serialized)
struct TwoApplicationsTests {
    /// What the one that acts is called, and the other.
    enum Names: String, CaseIterable, Sendable {
        case both, actingOnly, otherOnly

        var acting: String? { self == .otherOnly ? nil : "shop" }
        var other: String? { self == .actingOnly ? nil : "forum" }
    }

    enum Act: String, CaseIterable, Sendable {
        case registerUser, updateUser, deleteUserArchive, deleteUserDelete, eraseUser, exportUserData, reconcile, sync
        case createCustomer, createReturning, getCustomerByEmail, ensure, createdEvent, updatedEvent
        case updateById, archiveById, restoreById, deleteById, link
    }

    /// One customer of each application for `u1`, and one of the other's for `u2`, whom the acting one has without a
    /// customer. Where the other has no name only its addresses tell its customers, so they differ.
    private func worlds(_ names: Names) async throws -> (acting: World, other: World) {
        let other = try await World(app: names.other)
        let domain = names.other == nil ? "forum.example" : "example.com"
        for id in ["u1", "u2"] {
            try await other.call("registerUser", ["userId": .string(id), "email": .string("\(id)@\(domain)")])
        }
        let acting = try await other.onSameAccount(app: names.acting)
        try await acting.call("registerUser", ["userId": "u1", "email": "u1@example.com", "name": "One"])
        try acting.sql("INSERT INTO users (id, email) VALUES ('u2', 'u2@example.com')")
        try acting.sql("DELETE FROM sync_queue")
        return (acting, other)
    }

    /// The customers of the other one, as Stripe has them.
    private func state(of other: World) async throws -> [JSONObject] {
        [try await other.customer(of: "u1"), try await other.customer(of: "u2")]
    }

    private func perform(_ act: Act, _ acting: World, _ other: World) async throws {
        let theirs = JSONValue.string(try await other.user("u2").customerId ?? "")
        switch act {
        case .registerUser:
            try await acting.call("registerUser", ["userId": "u3", "email": "u3@example.com", "emailVerified": true])
        case .updateUser: try await acting.call("updateUser", ["userId": "u1", "name": "New", "phone": "1"])
        case .deleteUserArchive: try await acting.call("deleteUser", ["userId": "u1"])
        case .deleteUserDelete: try await acting.call("deleteUser", ["userId": "u1", "customer": "delete"])
        case .eraseUser:
            let answer = try await acting.call("eraseUser", ["userId": "u1"])
            try await acting.settle()
            let u1 = try #require(try await other.user("u1").customerId)
            // Of an application without a name nobody can tell, so a person has to; where the look-up failed all are meant.
            let isComplete = !answer.description.contains("could not be asked for all")
            if isComplete { #expect(answer.description.contains(u1) == (other.store.app == nil)) }
            try await acting.call("eraseUser", ["userId": "u2"])
        case .exportUserData:
            let export = try await acting.call("exportUserData", ["userId": "u1"]).description
            #expect(!export.contains(try await other.user("u1").customerId ?? "-"))
        case .reconcile:
            let report = try await acting.call("reconcile", ["fix": true])
            #expect(report["counts"]?["duplicate"] == nil)
            for id in ["u1", "u2"] {
                let isNamed = report["findings"]?.description.contains(try await other.user(id).customerId ?? "-")
                #expect(isNamed == (other.store.app == nil), "\(report)")
            }
        case .sync: try await acting.call("syncAllUsers", [:])
        case .createCustomer:
            try await acting.call("createCustomer", ["userId": "u2", "email": "u2@example.com"])
        case .createReturning:
            try await acting.call(
                "createCustomer", ["email": "u2@example.com", "onDuplicateEmail": "return", "description": "x"])
        case .getCustomerByEmail:
            let found = try await acting.call("getCustomerByEmail", ["email": "U2@example.com"])
            #expect(found["id"] != theirs)
        case .ensure: try await acting.call("ensureCustomerExists", ["userId": "u2", "emailVerified": true])
        case .createdEvent:
            for event in try await acting.events(of: "customer.created") { try await acting.deliver(event) }
        case .updatedEvent:
            for event in try await acting.events(of: "customer.updated") { try await acting.deliver(event) }
        case .updateById: try await refused("updateCustomer", ["customerId": theirs, "name": "Mine"], acting)
        case .archiveById: try await refused("archiveCustomer", ["customerId": theirs], acting)
        case .restoreById: try await refused("restoreCustomer", ["customerId": theirs], acting)
        case .deleteById: try await refused("deleteCustomer", ["customerId": theirs, "force": true], acting)
        case .link: try await refused("linkCustomer", ["userId": "u2", "customerId": theirs], acting)
        }
    }

    private func refused(_ method: String, _ params: JSONObject, _ acting: World) async throws {
        do throws(ServiceError) {
            try await acting.call(method, params)
            Issue.record("\(method) took another application's customer")
        } catch {
            guard !error.retryable else { throw error }
            let kind: ServiceError.Kind = method == "linkCustomer" ? .customerAlreadyExists : .customerNotFound
            #expect(error.kind == kind && error.message.contains("stripe_customers_app"), "\(method): \(error)")
        }
    }

    private func faults(_ act: Act, _ names: Names) -> [FaultyStripe.Fault?] {
        let asks: [Act] = [.exportUserData, .getCustomerByEmail, .createdEvent, .updatedEvent]
        return names == .both && !asks.contains(act) ? [nil, .executedThenClosed] : [nil]
    }

    @Test("Neither touches the other's", arguments: Act.allCases, Names.allCases)
    func untouched(act: Act, names: Names) async throws {
        // By its id a customer without a mark may be changed: the operator has named it.
        let isById = [.updateById, .archiveById, .restoreById, .deleteById, .link].contains(act)
        guard !isById || names.other != nil else { return }
        for fault in faults(act, names) {
            for first in 1..<12 {
                let (acting, other) = try await worlds(names)
                let before = try await state(of: other)
                acting.stripe.script { fault != nil && $0.number == first ? fault : nil }
                do throws(any Error) { try await perform(act, acting, other) } catch {
                    guard let error = error as? ServiceError, error.retryable else { throw error }
                }
                let wasMet = acting.stripe.requestCount >= first
                acting.stripe.script { _ in nil }
                try await acting.settle()
                #expect(try await state(of: other) == before, "\(String(describing: fault)) at request \(first)")
                // And the other one finds everything as it was.
                #expect(try await other.call("syncAllUsers", [:])["unchanged"] == 2)
                if fault == nil || !wasMet { break }
            }
        }
    }

    @Test("Events of the other one's customers, delivered to both, change nothing", arguments: Names.allCases)
    func events(names: Names) async throws {
        let (acting, other) = try await worlds(names)
        for id in ["u1", "u2"] {
            let customerId = try await other.user(id).customerId ?? ""
            try await other.stripe.direct(.post, "/v1/customers/" + customerId, "phone=7")
        }
        try await other.call("deleteUser", ["userId": "u1", "customer": "delete"])
        for type in ["customer.created", "customer.updated", "customer.deleted"] {
            for event in try await acting.events(of: type) { try await acting.deliver(event) }
        }
        try await acting.settle()
        #expect(try await acting.user("u2").customerId == nil)
        #expect(try await acting.user("u1").phone == nil)
        #expect(try await acting.customer(of: "u1")["name"] == "One")
    }

    // MARK: One that changes hands

    @Test("With takeOver an operator takes it, and it carries this one's marks from then on", arguments: Names.allCases)
    func takeOver(names: Names) async throws {
        let (acting, other) = try await worlds(names)
        let theirs = try #require(try await other.user("u2").customerId)
        try await acting.call("linkCustomer", ["userId": "u2", "customerId": .string(theirs), "takeOver": true])
        try await acting.settle()
        let customer = try await acting.customer(of: "u2")
        #expect(customer["id"]?.string == theirs && customer["email"] == "u2@example.com")
        #expect(customer["metadata"]?["stripe_customers_app"]?.string == names.acting)
        // The other one sees that it is no longer its own, and lets it be.
        guard names.acting != nil else { return }
        #expect(
            found(try await other.call("reconcile", ["fix": true])).contains("another_applications u2 \(theirs)"))
        let edit = await errorOf { () async throws(ServiceError) in
            try await other.call("ensureCustomerExists", ["userId": "u2", "verify": true])
        }
        #expect(edit?.kind == .customerAlreadyExists)
        try await other.call("deleteUser", ["userId": "u2", "customer": "delete"])
        try await other.settle()
        #expect(try await acting.customer(of: "u2") == customer)
    }

    @Test(
        "A customer that another application took is neither exported nor erased nor written to",
        arguments: [true, false])
    func taken(byEvent: Bool) async throws {
        let world = try await World(wins: ["name"], app: "shop")
        let id = try #require(
            try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com"])["customerId"]?.string)
        let form = "metadata[stripe_customers_app]=forum&name=Theirs"
        let taken = try await world.stripe.direct(.post, "/v1/customers/" + id, form)
        if byEvent {
            try await world.deliver()
            #expect(try await world.user("u1").name == nil)
            let change = try await world.call("updateUser", ["userId": "u1", "phone": "9"])
            #expect(change["sync"]?["state"] == "parked")
            #expect(change["sync"]?["error"]?["type"] == "customer_already_exists")
        }
        let export = try await world.call("exportUserData", ["userId": "u1"])
        #expect(export["customer"] == .null)
        let answer = try await world.call("eraseUser", ["userId": "u1"])
        #expect(answer["state"] == "done")
        #expect(answer["kept"]?.array?.contains { $0["what"]?.string == id } == true)
        try await world.settle()
        #expect(try await world.stripe.direct(.get, "/v1/customers/" + id) == taken)
    }

    @Test("deleteUser says that it kept a customer that another application took", arguments: ["archive", "delete"])
    func deletedUser(choice: String) async throws {
        let world = try await World(app: "shop")
        let id = try #require(
            try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com"])["customerId"]?.string)
        let taken = try await world.stripe.direct(.post, "/v1/customers/" + id, "metadata[stripe_customers_app]=forum")
        let answer = try await world.call("deleteUser", ["userId": "u1", "customer": .string(choice)])
        #expect(answer["customer"] == "keep" && answer["state"] == "done")
        #expect(try await world.stripe.direct(.get, "/v1/customers/" + id) == taken)
    }

    // MARK: The example of the fault

    @Test("A stranger's customer that names our user by chance", arguments: [nil, "shop"])
    func stranger(app: String?) async throws {
        let world = try await World(app: app)
        let form = "email=stranger@other.example&metadata[userId]=42&metadata[app]=shop"
        let stranger = try #require(try await world.stripe.direct(.post, "/v1/customers", form)["id"]?.string)
        let created = try #require(try await world.events(of: "customer.created").last)
        try world.sql("INSERT INTO users (id, email) VALUES ('42', 'ada@example.com')")
        try world.sql("DELETE FROM sync_queue")
        #expect(try await world.deliver(created)["effect"] == "none")
        let report = try await world.call("reconcile", ["fix": true])
        #expect(found(report) == ["missing 42", "orphan 42 \(stranger)"])
        let own = try #require(try await world.user("42").customerId)
        #expect(own != stranger)
        #expect(found(try await world.call("reconcile", [:])) == ["orphan 42 \(stranger)"])
        let answer = try await world.call("eraseUser", ["userId": "42"])
        #expect(try await world.stripe.direct(.get, "/v1/customers/" + own)["deleted"] == true)
        #expect(try await world.stripe.direct(.get, "/v1/customers/" + stranger)["deleted"] == nil)
        #expect(answer["kept"]?.array?.contains { $0["what"]?.string == stranger } == true)
    }
}
