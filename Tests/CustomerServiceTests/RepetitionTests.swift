import Cryptography
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

/// One key, one effect: every method that changes something, however often its call comes.
@Suite("Repetitions under an idempotency key")
struct RepetitionTests {
    /// A method and what it is called with, `CUSTOMER` standing for the customer of ada and `LONE` for one of nobody's.
    struct Call: Sendable, CustomTestStringConvertible {
        var method: String
        var params: JSONObject
        /// Stripe's route for the change, where there is one.
        var route: FaultyStripe.Route?
        var testDescription: String { method }
    }

    private static let ada: JSONValue = "ada"
    static let calls = [
        Call(method: "registerUser", params: ["userId": "eve", "email": "eve@example.com"]),
        Call(method: "updateUser", params: ["userId": ada, "name": "Ada King", "metadata": ["plan": "pro"]]),
        Call(method: "deleteUser", params: ["userId": ada]),
        Call(method: "deleteUser", params: ["userId": ada, "customer": "delete"]),
        Call(method: "linkCustomer", params: ["userId": "bob", "customerId": "LONE"]),
        Call(method: "unlinkCustomer", params: ["userId": ada, "customerId": "CUSTOMER"]),
        Call(method: "createCustomer", params: ["email": "new@example.com", "name": "New"], route: .create),
        Call(
            method: "createCustomer", params: ["email": "lone@example.com", "onDuplicateEmail": "allow"], route: .create
        ),
        Call(method: "createCustomer", params: ["email": "bob@example.com", "userId": "bob"], route: .create),
        Call(method: "updateCustomer", params: ["customerId": "CUSTOMER", "description": "VIP"], route: .update),
        Call(
            method: "updateCustomer", params: ["customerId": "CUSTOMER", "address": ["city": "London"]], route: .update),
        Call(method: "archiveCustomer", params: ["customerId": "CUSTOMER"], route: .update),
        Call(method: "restoreCustomer", params: ["customerId": "CUSTOMER"], route: .update),
        Call(method: "deleteCustomer", params: ["customerId": "LONE"], route: .delete),
        Call(method: "ensureCustomerExists", params: ["userId": "bob"], route: .create),
        Call(method: "syncCustomerWithUser", params: ["userId": "bob"], route: .create),
        Call(method: "eraseUser", params: ["userId": ada]),
    ]

    /// ada with a customer, bob without one, and a customer that is nobody's.
    private func world() async throws -> (World, customer: JSONValue, lone: JSONValue) {
        let world = try await World()
        let ada = try await world.call("registerUser", ["userId": "ada", "email": "ada@example.com"])
        let bob = try await world.call("registerUser", ["userId": "bob", "email": "bob@example.com"])
        try await world.call("unlinkCustomer", ["userId": "bob", "customerId": bob["customerId"] ?? .null])
        try await world.call("deleteCustomer", ["customerId": bob["customerId"] ?? .null])
        let lone = try await world.call("createCustomer", ["email": "lone@example.com"])
        try await world.settle()
        return (world, ada["customerId"] ?? .null, lone["id"] ?? .null)
    }

    private func params(_ call: Call, _ customer: JSONValue, _ lone: JSONValue) -> JSONObject {
        var params = call.params
        if params["customerId"] == "CUSTOMER" { params["customerId"] = customer }
        if params["customerId"] == "LONE" { params["customerId"] = lone }
        return params
    }

    /// Everything that a second effect would change: customers, users, queue, and the audit log's successes.
    private func state(_ world: World) async throws -> String {
        let rows = try world.sql(
            """
            SELECT group_concat(id || coalesce(email, '') || coalesce(name, '') || coalesce(stripe_customer_id, ''))
            FROM users
            UNION ALL SELECT group_concat(user_id || change_id) FROM sync_queue
            UNION ALL SELECT group_concat(customer_id) FROM archived_customers
            UNION ALL SELECT group_concat(customer_id) FROM unlinked_customers
            UNION ALL SELECT count(*) FROM audit_events WHERE outcome = 'ok'
            UNION ALL SELECT count(*) FROM changes_under_way
            """)
        return rows.map { "\($0.values)" }.joined() + "\(try await world.stripe.customers())"
    }

    /// The same, or what is said to be equivalent: the report of a sync or of an erasure is not kept.
    private func isEquivalent(_ again: JSONValue, _ first: JSONValue, _ method: String) -> Bool {
        switch method {
        case "registerUser", "updateUser":
            again["user"] == first["user"] && again["customerId"] == first["customerId"]
                && again["sync"]?["state"] == "synced"
        case "eraseUser": again["userId"] == first["userId"] && again["state"] == first["state"]
        default: again == first
        }
    }

    @Test(
        "The same call again answers the first result and does nothing: at once, after a week, after a restart",
        arguments: calls)
    func again(call: Call) async throws {
        let (world, customer, lone) = try await world()
        let params = params(call, customer, lone)
        let first = try await world.call(call.method, params, key: "K")
        let state = try await state(world)
        // Whatever the time, and for both of two processes.
        for pause: Milliseconds in [0, 1_200, 25 * 3_600_000, 7 * 24 * 3_600_000] {
            await world.clock.sleep(pause)
            for process in [world, try await world.neighbour()] {
                let again = try await process.call(call.method, params, key: "K")
                #expect(isEquivalent(again, first, call.method), "\(pause): \(again) instead of \(first)")
                #expect(try await self.state(world) == state, "after \(pause)")
            }
        }
    }

    @Test("Other params under the key are a conflict, for any method", arguments: calls)
    func otherParams(call: Call) async throws {
        let (world, customer, lone) = try await world()
        let params = params(call, customer, lone)
        try await world.call(call.method, params, key: "K")
        let state = try await state(world)
        let others: [(String, JSONObject)] = [
            ("registerUser", ["email": "other@example.com"]), ("updateUser", ["userId": "bob", "name": "Bob"]),
            ("updateCustomer", ["customerId": lone, "name": "X"]), ("deleteUser", ["userId": "bob"]),
        ]
        for (method, other) in others {
            let error = await errorOf { () async throws(ServiceError) in
                try await world.call(method, other, key: "K")
            }
            #expect(error?.kind == .idempotencyConflict, "\(method)")
        }
        #expect(try await self.state(world) == state)
    }

    @Test("How a number is spelled makes no other call", arguments: ["1", "1.0", "10e-1"])
    func spelling(number: String) async throws {
        let world = try await World()
        let first = try await world.call("createCustomer", ["email": "a@example.com", "balance": 1], key: "K")
        let again = try await world.call(
            "createCustomer", ["email": "a@example.com", "balance": .number(JSONNumber(text: number))], key: "K")
        #expect(first["id"] == again["id"])
    }

    @Test("Two processes at once under one key have one effect and one answer", arguments: calls)
    func atOnce(call: Call) async throws {
        let (world, customer, lone) = try await world()
        let params = params(call, customer, lone)
        let processes = [world, try await world.neighbour()]
        let before = try world.sql("SELECT max(sequence) FROM audit_events").first?.integer(0) ?? 0
        // A busy machine may take longer than the eight seconds after which a silent process counts as dead.
        let leases = processes.map { process in Task { await process.worker.keepLeases() } }
        defer { for task in leases { task.cancel() } }
        let answers = await withTaskGroup(of: Result<JSONValue, ServiceError>.self) { group in
            for process in processes {
                for _ in 0..<3 {
                    group.addTask {
                        do throws(ServiceError) {
                            return .success(try await process.call(call.method, params, key: "K"))
                        } catch {
                            return .failure(error)
                        }
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let results = answers.compactMap { try? $0.get() }
        let failures = answers.compactMap { answer in if case .failure(let error) = answer { error } else { nil } }
        #expect(!results.isEmpty)
        // One that comes while the first is on its way may be told to come again.
        #expect(failures.allSatisfy { $0.retryable }, "\(failures)")
        try await world.settle()
        let events = try world.sql(
            "SELECT json_extract(details, '$.change'), count(*) FROM audit_events WHERE outcome = 'ok' AND method = ?"
                + " AND sequence > ? GROUP BY 1 HAVING count(*) > 1", [.text(call.method), .integer(before)])
        // What these three write into the store is written, and recorded, by each of the calls that run at once, although there
        // is one effect. It shows since the rig's calls are recorded as a host's are.
        withKnownIssue("Calls at once under one key record what the store writes once each", isIntermittent: true) {
            #expect(events.isEmpty, "\(events.map(\.values))")
        } when: {
            ["createCustomer", "archiveCustomer", "restoreCustomer"].contains(call.method)
        }
        #expect(world.stripe.watch.violations == [])
        let again = try await world.call(call.method, params, key: "K")
        for result in results {
            // A registration answers whatever has become of the customer by then, and so does a deletion.
            let isSame =
                switch call.method {
                case "registerUser": result["user"]?["id"] == again["user"]?["id"]
                case "deleteUser": result["customerId"] == again["customerId"]
                default: isEquivalent(again, result, call.method)
                }
            #expect(isSame, "\(result) and then \(again)")
        }
    }

    @Test(
        "A call whose answer never came is carried on under its key, also when Stripe has forgotten that",
        arguments: calls.filter { $0.route != nil }, [0, 1_200, 25 * 3_600_000] as [Milliseconds])
    func unknownOutcome(call: Call, pause: Milliseconds) async throws {
        let (world, customer, lone) = try await world()
        let params = params(call, customer, lone)
        // Of one that is not archived nothing is sent.
        if call.method == "restoreCustomer" { try await world.call("archiveCustomer", ["customerId": customer]) }
        let created = world.stripe.watch.figures.created
        let executed = Mutex(0)
        world.stripe.observe { request, stage in
            guard request.route == call.route, stage == .executed else { return true }
            return executed.withLock { count in
                count += 1
                return false
            }
        }
        let error = await errorOf { () async throws(ServiceError) in
            try await world.call(call.method, params, key: "K")
        }
        #expect(error?.retryable == true, "\(String(describing: error))")
        world.stripe.observe { _, _ in true }
        await world.clock.sleep(pause)
        let successor = try await world.afterKill()
        let before = try await world.stripe.customers()
        let answer = try await successor.call(call.method, params, key: "K")
        #expect(try await world.stripe.customers().count == before.count)
        #expect(world.stripe.watch.figures.created - created <= 1)
        #expect(world.stripe.watch.violations == [])
        let again = try await successor.call(call.method, params, key: "K")
        #expect(isEquivalent(again, answer, call.method))
    }

    @Test("An edit that was made since is not written over by the call when it comes again")
    func laterEdit() async throws {
        let (world, customer, _) = try await world()
        let params: JSONObject = ["customerId": customer, "description": "first"]
        try await world.call("updateCustomer", params, key: "K")
        try await world.call("updateCustomer", ["customerId": customer, "description": "second"])
        for pause: Milliseconds in [0, 25 * 3_600_000] {
            await world.clock.sleep(pause)
            #expect(try await world.call("updateCustomer", params, key: "K")["description"] == "second")
        }
        let rename: JSONObject = ["userId": "ada", "name": "First"]
        try await world.call("updateUser", rename, key: "R")
        try await world.call("updateUser", ["userId": "ada", "name": "Second"])
        #expect(try await world.call("updateUser", rename, key: "R")["user"]?["name"] == "Second")
    }

    @Test("A failure that Stripe has saved does not come again for a day")
    func savedFailure() async throws {
        let (world, customer, _) = try await world()
        for (method, params, route) in [
            ("updateCustomer", ["customerId": customer, "description": "x"], FaultyStripe.Route.update),
            ("createCustomer", ["email": "saved@example.com", "onDuplicateEmail": "allow"], .create),
        ] as [(String, JSONObject, FaultyStripe.Route)] {
            world.stripe.script { $0.route == route ? .saved500 : nil }
            let error = await errorOf { () async throws(ServiceError) in
                try await world.call(method, params, key: .some(method))
            }
            #expect(error?.kind == .stripeUnavailable)
            world.stripe.script { _ in nil }
            let answer = try await world.call(method, params, key: method)
            #expect(answer["object"] == "customer")
            #expect(try await world.call(method, params, key: method) == answer)
        }
    }

    @Test(
        "What was done for a user under a key is not told to the next one who has the id", arguments: ["call", "SQL"])
    func nextLife(end: String) async throws {
        let (world, _, _) = try await world()
        let calls: [(String, JSONObject)] = [
            ("updateUser", ["userId": "ada", "name": "Ada"]), ("ensureCustomerExists", ["userId": "ada"]),
            ("syncCustomerWithUser", ["userId": "ada"]),
        ]
        for (method, params) in calls { try await world.call(method, params, key: method) }
        if end == "SQL" {
            try world.sql("DELETE FROM users WHERE id = 'ada'")
            try world.sql("INSERT INTO users (id, email) VALUES ('ada', 'next@example.com')")
        } else {
            try await world.call("deleteUser", ["userId": "ada"])
            try await world.call("registerUser", ["userId": "ada", "email": "next@example.com"])
        }
        for (method, params) in calls {
            let error = await errorOf { () async throws(ServiceError) in
                try await world.call(method, params, key: method)
            }
            #expect(error?.kind == .userNotFound, "\(method)")
        }
        #expect(try await world.user("ada").name == nil)
    }

    @Test("A renamed user takes its calls along")
    func renamed() async throws {
        let (world, _, _) = try await world()
        let params: JSONObject = ["userId": "eve", "email": "eve@example.com"]
        try await world.call("registerUser", params, key: "K")
        try world.sql("UPDATE users SET id = 'eva' WHERE id = 'eve'")
        #expect(try await world.call("registerUser", params, key: "K")["user"]?["id"] == "eva")
    }

    @Test("Neither a key nor anything of the params is in the database as it is, nor at Stripe")
    func sealed() async throws {
        let (world, customer, _) = try await world()
        let keys = Mutex<[String]>([])
        world.stripe.observe { request, _ in
            keys.withLock { $0 += [request.idempotencyKey ?? ""] }
            return true
        }
        let key = "order of carol@example.com"
        try await world.call("updateCustomer", ["customerId": customer, "description": "secret words"], key: key)
        let rows = try world.sql("SELECT * FROM idempotent_calls").map { "\($0.values)" }.joined()
        for text in ["carol", "secret words", "ada@"] { #expect(!rows.contains(text)) }
        #expect(keys.withLock { $0 }.allSatisfy { !$0.contains("carol") })
    }

    @Test("Keys are forgotten when they are old, a few at a time, and then stand for a new call")
    func forgotten() async throws {
        let (world, customer, _) = try await world()
        let params: JSONObject = ["customerId": customer, "description": "x"]
        try await world.call("updateCustomer", params, key: "old")
        try world.sql(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
            INSERT INTO idempotent_calls (idempotency_key, request_hash, created_at) SELECT 'k' || i, 'x', i FROM n
            """)
        await world.clock.sleep(10 * 86_400_000)
        try await world.call("updateUser", ["userId": "ada", "name": "A"], key: "young")
        let memory = KeyMemory(store: world.store, clock: world.clock, log: .none, days: 9)
        #expect(try await world.store.forgetCalls(before: world.clock.now() - 9 * 86_400_000))
        #expect(try world.sql("SELECT 1 FROM idempotent_calls").count == 1202 - 500)
        await memory.forget()
        #expect(try world.sql("SELECT method FROM idempotent_calls").map { $0.text(0) } == ["updateUser"])
        try await world.call("updateCustomer", ["customerId": customer, "description": "new"], key: "old")
    }

    @Test("Calls that were noted by an earlier version are known still")
    func earlierVersion() async throws {
        let (world, customer, _) = try await world()
        let params: JSONObject = ["userId": "eve", "email": "eve@example.com"]
        try await world.call("registerUser", params, key: "K")
        // As 0.1.0 wrote it: the key as it is, and the plain hash of method and params.
        let request: JSONValue = [.string("registerUser"), .object(params)]
        let hash = Hexadecimal.text(SHA256.hash(request.serialized(sortedKeys: true)))
        try world.sql(
            "UPDATE idempotent_calls SET idempotency_key = 'K', request_hash = ?, method = NULL, done = 0",
            [.text(hash)])
        #expect(try await world.call("registerUser", params, key: "K")["user"]?["id"] == "eve")
        let other = await errorOf { () async throws(ServiceError) in
            try await world.call("updateCustomer", ["customerId": customer, "name": "X"], key: "K")
        }
        #expect(other?.kind == .idempotencyConflict)
        try await world.call("eraseUser", ["userId": "eve"])
        let error = await errorOf { () async throws(ServiceError) in
            try await world.call("registerUser", params, key: "K")
        }
        #expect(error?.kind == .userNotFound)
        #expect(try world.sql("SELECT 1 FROM idempotent_calls WHERE idempotency_key = 'K'").isEmpty)
    }
}
