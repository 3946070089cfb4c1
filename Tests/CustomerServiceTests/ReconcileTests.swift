import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLite
import Sandbox
import Testing

@Suite("Reconcile")
struct ReconcileTests {
    /// Users `u1` to `u12` with customers, and one fault of each kind.
    private func faultyBench() async throws -> (bench: WebhookBench, faults: Set<String>, id: [String]) {
        let bench = try await WebhookBench()
        var id = [""]
        for number in 1...12 { id.append(try await bench.register("u\(number)")) }
        // An edit that is known and stays.
        try await bench.edit(id[1], "name=Known")
        _ = try await bench.deliver(bench.newestEvent())
        // An edit of which no event came.
        try await bench.edit(id[2], "name=Missed&phone=7")
        try bench.sql("UPDATE users SET email = 'new@example.com' WHERE id = 'u3'")
        try await bench.atStripe(.delete, "/v1/customers/" + id[4])
        try bench.sql("INSERT INTO users (id, email) VALUES ('u20', 'u20@example.com')")
        let twin = try await bench.make("email=u5@example.com&metadata[userId]=u5")
        let nobodys = try await bench.make("email=x%40example.com")
        let gone = try await bench.make("metadata[userId]=u99")
        try bench.sql("INSERT INTO users (id, email) VALUES ('u21', 'u21@example.com')")
        let waiting = try await bench.make("email=u21@example.com&metadata[userId]=u21")
        // Not faults: an archived customer, one of a deleted user, one that is about to go.
        try await bench.call("archiveCustomer", ["customerId": .string(id[6])])
        try await bench.call("updateUser", ["userId": "u6", "name": "Other"])
        try await bench.call("deleteUser", ["userId": "u7"])
        try await bench.call("deleteUser", ["userId": "u8"])
        let faults: Set<String> = [
            "drift u2 \(id[2]) name,phone", "drift u3 \(id[3]) email", "dead_link u4 \(id[4])", "missing u20",
            "duplicate u5 \(id[5])", "orphan \(nobodys)", "orphan u99 \(gone)", "orphan u21 \(waiting)",
        ]
        #expect(!twin.isEmpty)
        return (bench, faults, id)
    }

    @Test("It reports exactly the faults that there are, and changes nothing")
    func report() async throws {
        let (bench, faults, _) = try await faultyBench()
        let report = try await bench.call("reconcile", [:])
        #expect(found(report) == faults)
        #expect(report["users"]?.int64 == 12)
        #expect(report["keptEdits"]?.int64 == 1)
        #expect(report["fixed"]?.int64 == 0)
        #expect(found(try await bench.call("reconcile", [:])) == faults)
        // Nothing of it is left on disk.
        #expect(try bench.sql("SELECT 1 FROM reconcile_customers UNION ALL SELECT 1 FROM reconcile_findings").isEmpty)
    }

    @Test("With fix it repairs what is safe by the rules of the sync, and deletes nothing")
    func fix() async throws {
        let (bench, faults, id) = try await faultyBench()
        let before = try await bench.atStripe(.get, "/v1/customers?limit=100")["data"]?.array?.count ?? 0
        let report = try await bench.call("reconcile", ["fix": true])
        #expect(found(report) == faults)
        #expect(report["fixed"]?.int64 == 5)
        // The missing one and the dead link got new ones, and nobody lost one.
        #expect(try await bench.atStripe(.get, "/v1/customers?limit=100")["data"]?.array?.count == before + 2)
        #expect(try await bench.customer(id[2])["name"]?.string == "Missed")
        #expect(try await bench.customer(id[3])["email"]?.string == "new@example.com")
        #expect(try await bench.user("u4").customerId != id[4])
        let left = found(try await bench.call("reconcile", [:]))
        #expect(left == faults.filter { $0.hasPrefix("duplicate") || $0.hasPrefix("orphan") && !$0.contains("u21") })
    }

    @Test("A list of customers that repeats itself fails it, and the next one goes on")
    func repeatingPages() async throws {
        let (bench, faults, id) = try await faultyBench()
        let customer = try await bench.customer(id[1]).description
        for body in [
            #"{"object":"list","data":[\#(customer)],"has_more":true}"#,
            #"{"object":"list","data":[],"has_more":true}"#,
        ] {
            bench.exchange.answer(body) { $0.url.contains("/v1/customers?") }
            await bench.exchange.reset()
            let error = await errorOf { () throws(ServiceError) in try await bench.call("reconcile", [:]) }
            #expect(error?.kind == .stripeUnavailable)
            #expect(await bench.exchange.count() <= 6)
        }
        bench.exchange.answerTruly()
        try bench.sql("DELETE FROM settings WHERE name = 'reconcile'")
        #expect(found(try await bench.call("reconcile", [:])) == faults)
    }

    @Test("With --stripe-wins a missed edit is drift until fix brings it home")
    func wins() async throws {
        let bench = try await WebhookBench(wins: ["name"])
        let id = try await bench.register("u1")
        try await bench.edit(id, "name=Missed")
        #expect(found(try await bench.call("reconcile", [:])) == ["drift u1 \(id) name"])
        #expect(try await bench.call("reconcile", ["fix": true])["fixed"]?.int64 == 1)
        #expect(try await bench.user("u1").name == "Missed")
        #expect(found(try await bench.call("reconcile", [:])).isEmpty)
        #expect(try bench.queued == 0)
    }

    @Test("Of several customers for a user without one, it names the one with subscriptions, else the oldest")
    func keep() async throws {
        let bench = try await WebhookBench(sandboxClock: FixedClock())
        try bench.sql("INSERT INTO users (id, email) VALUES ('a', 'a@example.com'), ('b', 'b@example.com')")
        var ids: [String] = []
        for userId in ["a", "a", "a", "b", "b"] {
            ids.append(try await bench.make("email=\(userId)@example.com&metadata[userId]=\(userId)"))
        }
        let subscribed = ids[1]
        _ = try await bench.exchange.inner.seedSubscription(customer: subscribed)
        let findings = try await bench.call("reconcile", ["fix": true])["findings"]?.array ?? []
        #expect(findings.count == 2)
        #expect(findings.allSatisfy { $0["kind"]?.string == "duplicate" && $0["fixed"]?.bool == false })
        #expect(findings[0]["customerId"]?.string == subscribed)
        #expect(findings[0]["candidates"]?.array?.count == 3)
        #expect(findings[0]["action"]?.string?.contains("linkCustomer \(subscribed)") == true)
        #expect(findings[1]["action"]?.string?.contains("the oldest") == true)
        #expect(try await bench.user("a").customerId == nil)
    }

    @Test("A user whose customer is dead gets the only other one of its address that names it")
    func successor() async throws {
        let bench = try await WebhookBench()
        let id = try await bench.register("u1")
        let other = try await bench.make("email=U1@example.com&metadata[userId]=u1")
        try await bench.atStripe(.delete, "/v1/customers/" + id)
        let report = try await bench.call("reconcile", ["fix": true])
        #expect(found(report) == ["dead_link u1 \(id)"] && report["fixed"]?.int64 == 1)
        #expect(report["findings"]?.array?.first?["action"]?.string?.contains("linkCustomer \(other)") == true)
        #expect(try await bench.user("u1").customerId == other)
        #expect(try await bench.customer(other)["email"]?.string == "u1@example.com")
        #expect(found(try await bench.call("reconcile", [:])).isEmpty)
    }

    @Test("A fault that can't be repaired stays a finding with the reason")
    func cannotBeRepaired() async throws {
        let bench = try await WebhookBench()
        try bench.sql("INSERT INTO users (id, email) VALUES ('u1', 'no address')")
        let report = try await bench.call("reconcile", ["fix": true])
        let finding = try #require(report["findings"]?.array?.first)
        #expect(finding["fixed"]?.bool == false)
        #expect(finding["action"]?.string?.contains("stripe_request_rejected") == true)
    }

    @Test("A refused place in the list is begun anew from, but not for ever: then it fails with the reason")
    func refusedPlace() async throws {
        let bench = try await WebhookBench()
        for number in 1...150 { try await bench.atStripe(.post, "/v1/customers", "metadata[userId]=u\(number)") }
        // The customer at which the first page ended was deleted, once.
        let refusals = Counter()
        bench.exchange.refuse { $0.url.contains("starting_after") && refusals.next() == 1 }
        #expect(try await bench.call("reconcile", [:])["counts"]?["orphan"]?.int64 == 150)
        bench.exchange.refuse { $0.url.contains("starting_after") }
        for _ in 1...2 {
            await bench.exchange.reset()
            let error = await errorOf { () throws(ServiceError) in try await bench.call("reconcile", [:]) }
            #expect(error?.kind == .stripeRequestRejected)
            // The first page and the refused one, four times.
            #expect(await bench.exchange.count() == 8)
        }
        bench.exchange.refuse { _ in false }
        #expect(try await bench.call("reconcile", [:])["counts"]?["orphan"]?.int64 == 150)
    }

    @Test("A customer that was deleted or archived with its user since it was listed is no finding")
    func goneMeanwhile() async throws {
        let bench = try await WebhookBench()
        var id = [""]
        for number in 1...5 { id.append(try await bench.register("u\(number)")) }
        let lone = try await bench.atStripe(.post, "/v1/customers", "email=x%40example.com")["id"]?.string ?? ""
        try await bench.atStripe(.delete, "/v1/customers/" + id[5])
        // Interrupted after the list: u5's customer is not in it, and has to be asked for.
        bench.exchange.allow(1)
        let interruption = await errorOf { () throws(ServiceError) in try await bench.call("reconcile", [:]) }
        #expect(interruption != nil)
        bench.exchange.allow(.max)
        try await bench.call("deleteUser", ["userId": "u1", "customer": "delete"])
        try await bench.call("deleteUser", ["userId": "u2"])
        try await bench.call("deleteUser", ["userId": "u3", "customer": "keep"])
        // Another life of the same id, whose customer is not the one that was listed.
        try await bench.call("deleteUser", ["userId": "u4", "customer": "delete"])
        _ = try await bench.register("u4")
        let left: Set = ["dead_link u5 \(id[5])", "orphan \(lone)", "orphan u3 \(id[3])"]
        #expect(found(try await bench.call("reconcile", [:])) == left)
    }

    @Test("Interrupted after any page it goes on there, and reports the same")
    func resumed() async throws {
        let (bench, faults, _) = try await faultyBench()
        for number in 100..<420 {
            let form = "email=u\(number)@example.com&metadata[userId]=u\(number)"
            try await bench.atStripe(.post, "/v1/customers", form)
        }
        try bench.sql(
            """
            WITH RECURSIVE n (n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM n WHERE n < 419)
            INSERT INTO users (id, email) SELECT 'u' || n, 'u' || n || '@example.com' FROM n
            """)
        // Else everything was synced in this very moment, and has to be asked for one by one.
        await bench.clock.sleep(1_000)
        var interruptions = 0
        while true {
            // Stripe refuses from the second, third or fourth page on.
            bench.exchange.allow(1 + interruptions % 3)
            do throws(ServiceError) {
                let report = try await bench.call("reconcile", [:])
                #expect(report["users"]?.int64 == 332 && report["counts"]?["orphan"]?.int64 == 323)
                #expect(found(report).isSuperset(of: faults))
                break
            } catch {
                interruptions += 1
                guard interruptions < 50 else { throw error }
            }
        }
        #expect(interruptions >= 2)
    }
}

/// `kind subject fields` of each finding.
func found(_ report: JSONValue) -> Set<String> {
    Set(
        (report["findings"]?.array ?? []).map { finding in
            let fields = finding["fields"]?.array?.compactMap(\.string).joined(separator: ",")
            let subject = [finding["userId"]?.string, finding["customerId"]?.string].compactMap(\.self)
            return ([finding["kind"]?.string ?? ""] + subject + [fields].compactMap(\.self)).joined(separator: " ")
        })
}
