import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLite
import Synchronization
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
            "updateCustomer", ["customerId": customerId, "metadata": ["plan": "pro"]])
        let answer = try await bench.call(
            "updateCustomer", ["customerId": customerId, "metadata": .null, "name": "B"])
        #expect(answer["metadata"] == ["userId": "u1"] && answer["name"]?.string == "B")
        #expect(try bench.queued == 0)
        // So do those of a customer of nobody.
        let lone = try await bench.make("metadata[userId]=u9&metadata[x]=y&metadata[stripe_customers_archived_at]=z")
        let freed = try await bench.call("updateCustomer", ["customerId": .string(lone), "metadata": .null])
        #expect(freed["metadata"] == ["userId": "u9", "stripe_customers_archived_at": "z"])
    }

    @Test("While updateCustomer unsets the metadata the customer never lacks its marks, archived or not")
    func neverUnmarked() async throws {
        let world = try await World(app: "shop")
        try await world.call(
            "registerUser", ["userId": "u1", "email": "u1@example.com", "metadata": ["plan": "pro", "team": "a"]])
        try await world.settle()
        let id = try await world.user("u1").customerId ?? ""
        try await world.call("archiveCustomer", ["customerId": .string(id)])
        let unmarked = Mutex(0)
        world.stripe.observe { request, stage in
            guard stage == .executed, let metadata = request.outcome?.object["metadata"]?.object else { return true }
            let isMarked =
                CustomerMark.all.allSatisfy { metadata[$0] != nil } && metadata[CustomerMark.archivedAt] != nil
            if !isMarked { unmarked.withLock { $0 += 1 } }
            return true
        }
        let answer = try await world.call("updateCustomer", ["customerId": .string(id), "metadata": .null])
        #expect(answer["metadata"]?["userId"] == "u1" && answer["metadata"]?["plan"] == nil)
        #expect(unmarked.withLock { $0 } == 0)
    }

    // MARK: What a host writes under their names

    @Test("A row that another program wrote says nothing under the names of the marks, and that is told")
    func row() async throws {
        let events = Mutex<[(String, JSONObject)]>([])
        let world = try await World(
            app: "shop", log: Log { _, event, fields in events.withLock { $0.append((event, fields)) } })
        try world.sql(
            """
            INSERT INTO users (id, email, stripe_metadata) VALUES ('u1', 'u1@example.com',
                '{"userId": "u2", "stripe_customers_app": "forum", "stripe_customers_archived_at": "x",
                    "stripe_customers_new": "y", "archived_at": "z"}')
            """)
        try await world.settle()
        #expect(
            try await world.customer(of: "u1")["metadata"]
                == ["archived_at": "z", "userId": "u1", "stripe_customers_app": "shop"])
        let told = events.withLock { $0.first { $0.0 == "metadata.reserved" } }
        #expect(told?.1 == ["userId": "u1", "count": 4])
        try world.sql("UPDATE users SET stripe_metadata = '{\"stripe_customers_app\": \"forum\", \"plan\": \"pro\"}'")
        try await world.settle()
        #expect(
            try await world.customer(of: "u1")["metadata"]
                == ["plan": "pro", "userId": "u1", "stripe_customers_app": "shop"])
        #expect(found(try await world.call("reconcile", [:])).isEmpty)
    }

    @Test("archived_at is nobody's mark: a lost database finds the customer again")
    func archivedAt() async throws {
        let before = try await World()
        let params: JSONObject = ["userId": "m2", "email": "m2@example.com", "metadata": ["archived_at": "x"]]
        let id = try await before.call("registerUser", params)["customerId"]
        let world = try await before.onSameAccount(app: nil)
        #expect(try await world.call("registerUser", params)["customerId"] == id)
        #expect(try await world.stripe.customers().count == 1)
    }
}

/// The mark of the archive belongs on customers that are in nobody's use, and on no other.
@Suite("The mark of the archive")
struct ArchiveMarkTests {
    private static let name = "stripe_customers_archived_at"

    private func registered(_ app: String? = nil) async throws -> (World, id: String) {
        let world = try await World(app: app)
        let answer = try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com"])
        return (world, try #require(answer["customerId"]?.string))
    }

    private func mark(_ world: World, _ id: String) async throws -> String? {
        try await world.stripe.direct(.get, "/v1/customers/" + id)["metadata"]?[Self.name]?.string
    }

    @Test("Left over on a customer in use it is found and taken off", arguments: ["event", "reconcile", "verify"])
    func leftOver(way: String) async throws {
        let (world, id) = try await registered()
        try await world.stripe.direct(.post, "/v1/customers/" + id, "metadata[\(Self.name)]=2026")
        switch way {
        case "event": try await world.deliver()
        case "verify": try await world.call("ensureCustomerExists", ["userId": "u1", "verify": true])
        default:
            let finding: Set = ["drift u1 \(id) metadata.\(Self.name)"]
            #expect(found(try await world.call("reconcile", [:])) == finding)
            #expect(try await world.call("reconcile", ["fix": true])["fixed"] == 1)
        }
        try await world.settle()
        #expect(try await mark(world, id) == nil)
        #expect(found(try await world.call("reconcile", [:])).isEmpty)
    }

    @Test("An archived customer that is linked is in use again, and a lost database finds it")
    func linked() async throws {
        let (world, id) = try await registered()
        try await world.call("deleteUser", ["userId": "u1"])
        #expect(try await mark(world, id) != nil)
        let again = try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com"])
        #expect(again["customerId"]?.string != id)
        try await world.call("unlinkCustomer", ["userId": "u1", "customerId": again["customerId"] ?? .null])
        try await world.call("linkCustomer", ["userId": "u1", "customerId": .string(id)])
        try await world.settle()
        #expect(try await mark(world, id) == nil)
        #expect(try await world.call("updateUser", ["userId": "u1", "name": "Ada"])["sync"]?["outcome"] == "updated")
        try await world.stripe.direct(.delete, "/v1/customers/" + (again["customerId"]?.string ?? ""))
        let lost = try await world.onSameAccount(app: nil)
        let found = try await lost.call("registerUser", ["userId": "u1", "email": "u1@example.com"])
        #expect(found["customerId"]?.string == id)
    }

    @Test("Linked while its archiving is on its way, it ends without the mark")
    func linkedMeanwhile() async throws {
        let (world, id) = try await registered()
        try world.sql("INSERT INTO users (id, email) VALUES ('u2', 'u2@example.com')")
        let once = Counter()
        world.stripe.observe { request, stage in
            guard request.route == .update, stage == .executed, once.next() == 1 else { return true }
            // Another program, past every lease.
            _ = try? world.sql("UPDATE users SET stripe_customer_id = ? WHERE id = 'u2'", [.text(id)])
            return true
        }
        try await world.call("deleteUser", ["userId": "u1"])
        world.stripe.observe { _, _ in true }
        try await world.settle()
        #expect(try await world.user("u2").customerId == id)
        #expect(try await mark(world, id) == nil)
        try await world.expectPromises(users: ["u2"])
    }

    @Test("Killed after it was set, the next process completes the archiving")
    func killed() async throws {
        let (world, id) = try await registered()
        world.stripe.script { $0.route == .update ? .executedThenClosed : nil }
        _ = await errorOf { () async throws(ServiceError) in
            try await world.call("archiveCustomer", ["customerId": .string(id)])
        }
        world.stripe.script { _ in nil }
        let next = try await world.afterKill()
        try await next.settle()
        #expect(try await mark(next, id) != nil)
        try await next.call("updateUser", ["userId": "u1", "name": "Later"])
        try await next.settle()
        #expect(try await next.customer(of: "u1")["name"] == .null, "what is archived is not synced")
        try await next.call("restoreCustomer", ["customerId": .string(id)])
        try await next.settle()
        #expect(try await next.customer(of: "u1")["name"] == "Later")
        #expect(try await mark(next, id) == nil)
    }

    @Test("Lost at Stripe it is drift, and fix sets it again")
    func lost() async throws {
        let (world, id) = try await registered()
        try await world.call("archiveCustomer", ["customerId": .string(id)])
        try await world.stripe.direct(.post, "/v1/customers/" + id, "metadata[\(Self.name)]=")
        let finding: Set = ["drift u1 \(id) metadata.\(Self.name)"]
        #expect(found(try await world.call("reconcile", ["fix": true])) == finding)
        #expect(try await mark(world, id) != nil)
        #expect(found(try await world.call("reconcile", [:])).isEmpty)
    }

    @Test("Of a customer that is to be deleted nothing is archived in its stead")
    func doomed() async throws {
        let (world, id) = try await registered()
        world.stripe.script { $0.route == .delete ? .closed : nil }
        try await world.call("deleteUser", ["userId": "u1", "customer": "delete"])
        try await world.call("archiveCustomer", ["customerId": .string(id)])
        world.stripe.script { _ in nil }
        try await world.settle()
        #expect(try await world.stripe.direct(.get, "/v1/customers/" + id)["deleted"] == true)
    }

    // MARK: Room

    private static let full = JSONObject((0..<48).map { .init("key \($0)", "v") })

    @Test("With 48 keys of the user's own the archive has room too, and nothing is lost", arguments: [nil, "shop"])
    func room(app: String?) async throws {
        let world = try await World(app: app)
        let params: JSONObject = [
            "userId": "u 1", "email": "u1@example.com", "metadata": .object(Self.full),
        ]
        let id = try await world.call("registerUser", params)["customerId"] ?? .null
        let before = try await world.customer(of: "u 1")
        #expect(before["metadata"]?.object?.count == (app == nil ? 49 : 50))
        let archived = try await world.call("archiveCustomer", ["customerId": id])
        #expect(archived["metadata"]?.object?.count == 50)
        #expect(found(try await world.call("reconcile", [:])).isEmpty)
        #expect(try await world.call("restoreCustomer", ["customerId": id])["metadata"] == before["metadata"])
        try await world.call("deleteUser", ["userId": "u 1"])
        try await world.settle()
        #expect(try await world.store.queueStatus().parked == 0)
        let restored = try await world.call("restoreCustomer", ["customerId": id])
        #expect(restored["metadata"] == before["metadata"])
    }

    @Test("Where none of 50 keys is the service's own the archive says that it needs one")
    func noRoom() async throws {
        let world = try await World()
        let form = (0..<50).map { "metadata[k\($0)]=v" }.joined(separator: "&")
        let id = try #require(try await world.stripe.direct(.post, "/v1/customers", form)["id"])
        let error = await errorOf { () async throws(ServiceError) in
            try await world.call("archiveCustomer", ["customerId": id])
        }
        #expect(error?.kind == .invalidParams)
        let violation = error?.details["violations"]?.array?.first?["error"]?.string
        #expect(violation?.contains("updateCustomer") == true)
    }

    @Test("updateUser and createCustomer count what a change comes to")
    func count() async throws {
        let world = try await World(app: "shop")
        let params: JSONObject = ["userId": "u1", "email": "u1@example.com", "metadata": .object(Self.full)]
        let id = try await world.call("registerUser", params)["customerId"] ?? .null
        for method in ["updateUser", "createCustomer"] {
            if method == "createCustomer" {
                try await world.call("unlinkCustomer", ["userId": "u1", "customerId": id])
            }
            let error = await errorOf { () async throws(ServiceError) in
                try await world.call(
                    method, ["userId": "u1", "email": "u1@example.com", "metadata": ["one more": "v"]])
            }
            #expect(error?.kind == .invalidParams)
            let violation = error?.details["violations"]?.array?.first
            #expect(violation?["error"]?.string?.contains("at most 48") == true)
        }
    }

    // MARK: Version 0.1.0

    @Test("What version 0.1.0 archived stays archived, though its mark counts no more")
    func older() async throws {
        let world = try await World()
        var ids: [String] = []
        for number in 1...3 {
            let params: JSONObject = ["userId": .string("u\(number)"), "email": .string("u\(number)@example.com")]
            ids.append(try #require(try await world.call("registerUser", params)["customerId"]?.string))
        }
        try await world.call("archiveCustomer", ["customerId": .string(ids[0])])
        try await world.call("deleteUser", ["userId": "u2"])
        try await world.call("archiveCustomer", ["customerId": .string(ids[2])])
        try await world.call("restoreCustomer", ["customerId": .string(ids[2])])
        // As that version leaves it: its own mark at Stripe, and rows for linked customers only.
        for id in ids.prefix(2) {
            let form = "metadata[\(Self.name)]=&metadata[archived_at]=2026"
            try await world.stripe.direct(.post, "/v1/customers/" + id, form)
        }
        try world.sql("DELETE FROM archived_customers WHERE customer_id = ?", [.text(ids[1])])
        try world.sql("DELETE FROM schema_migrations WHERE version = 12")
        try world.sql("ALTER TABLE reconcile_customers DROP COLUMN claim")
        await world.store.close()
        let next = try await world.afterKill()
        let rows = try next.sql("SELECT customer_id FROM archived_customers ORDER BY 1").map { $0.text(0) }
        #expect(Set(rows) == Set(ids.prefix(2)))
        let again = try await next.call("registerUser", ["userId": "u2", "email": "u2@example.com"])
        #expect(again["customerId"]?.string != ids[1])
        try await next.call("updateUser", ["userId": "u1", "name": "Later"])
        #expect(try await next.customer(of: "u1")["name"] == .null)
        #expect(
            found(try await next.call("reconcile", ["fix": true])) == ["drift u1 \(ids[0]) metadata.\(Self.name)"])
        #expect(try await mark(next, ids[0]) != nil)
    }
}
