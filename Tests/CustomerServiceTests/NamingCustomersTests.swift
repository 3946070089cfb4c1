import CustomerService
import Environment
import HTTP
import JSON
import SQLite
import TestSupport
import Testing

@Suite("Erasing a user whom other customers name")
struct NamingCustomersTests {
    private func world(searchLag: Milliseconds = 0) async throws -> (World, own: String) {
        var options = FaultyStripe.Options()
        options.searchLag = searchLag
        let world = try await World(options: options)
        let user = try await world.call("registerUser", ["userId": "ada", "email": "first@example.com"])
        try await world.call("updateUser", ["userId": "ada", "email": "ada@example.com"])
        return (world, user["customerId"]?.string ?? "")
    }

    private func make(_ world: World, _ form: String) async throws -> String {
        try await world.stripe.direct(.post, "/v1/customers", form)["id"]?.string ?? ""
    }

    private func isDeleted(_ world: World, _ id: String) async throws -> Bool {
        try await world.stripe.direct(.get, "/v1/customers/" + id)["deleted"]?.bool == true
    }

    private func places(_ answer: JSONValue, _ list: String) -> [String] {
        (answer[list]?.array ?? []).filter { $0["where"] == "stripe" }.compactMap { $0["what"]?.string }
    }

    @Test(
        "Those of an address that is or was the user's are deleted and each is told; those that name another user stay")
    func deleted() async throws {
        let (world, own) = try await world()
        let twin = try await make(world, "email=ada@example.com&metadata[userId]=ada")
        let former = "email=first@example.com&metadata[userId]=ada&metadata[stripe_customers_archived_at]=x"
        let other = try await make(world, former)
        var bystanders: [String] = []
        for form in ["metadata[userId]=Ada", "metadata[userId]=ada2", "email=ada@example.com"] {
            bystanders.append(try await make(world, form))
        }
        let answer = try await world.call("eraseUser", ["userId": "ada"])
        #expect(answer["state"] == "done" && answer["customerId"]?.string == own)
        let erased = places(answer, "erased")
        #expect(erased.count == 3 && erased[0] == "customers, deleted")
        for id in [twin, other] { #expect(erased.contains { $0.hasPrefix(id) }) }
        for id in [own, twin, other] { #expect(try await isDeleted(world, id)) }
        for id in bystanders { #expect(try await !isDeleted(world, id)) }
        #expect(try world.sql("SELECT 1 FROM erasures UNION ALL SELECT 1 FROM disposals").isEmpty)
    }

    @Test("One that was taken away from the user, or is another's by now, stays and is named with what to do")
    func kept() async throws {
        let (world, _) = try await world()
        let away = try await make(world, "email=ada@example.com&metadata[userId]=ada")
        let bobs = try await make(world, "email=ada@example.com&metadata[userId]=ada")
        try world.sql("INSERT INTO unlinked_customers (customer_id, unlinked_at) VALUES (?, 0)", [.text(away)])
        try world.sql("INSERT INTO users (id, stripe_customer_id) VALUES ('bob', ?)", [.text(bobs)])
        let answer = try await world.call("eraseUser", ["userId": "ada"])
        #expect(answer["state"] == "done" && places(answer, "erased") == ["customers, deleted"])
        for id in [away, bobs] {
            #expect(try await !isDeleted(world, id))
            let kept = answer["kept"]?.array?.first { $0["what"]?.string == id }
            #expect(kept?["why"]?.string?.contains("deleteCustomer") == true)
        }
    }

    @Test("The list of the address finds what search does not know yet")
    func lag() async throws {
        let (world, _) = try await world(searchLag: 60_000)
        let twin = try await make(world, "email=ada@example.com&metadata[userId]=ada")
        let answer = try await world.call("eraseUser", ["userId": "ada"])
        #expect(places(answer, "erased").contains { $0.hasPrefix(twin) })
        #expect(try await isDeleted(world, twin))
    }

    @Test(
        "A look-up that fails holds up no erasure, and is told",
        arguments: [FaultyStripe.Route.search, .list], [FaultyStripe.Fault.unsaved500, .closed])
    func failing(route: FaultyStripe.Route, fault: FaultyStripe.Fault) async throws {
        let (world, own) = try await world()
        world.stripe.script { $0.route == route ? fault : nil }
        let answer = try await world.call("eraseUser", ["userId": "ada"])
        #expect(answer["state"] == "done")
        #expect(try await isDeleted(world, own))
        #expect(answer["kept"]?.array?.contains { $0["why"]?.string?.contains("reconcile") == true } == true)
    }
}
