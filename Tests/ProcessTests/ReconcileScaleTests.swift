import Foundation
import HTTP
import JSON
import SQLite
import TestSupport
import Testing

/// A reconciliation over many customers with a known set of faults, over real sockets.
///
/// By hand for 50,000 with a release build, which prints times and memory:
/// `RECONCILE_CUSTOMERS=50000 STRIPE_CUSTOMERS_BINARY=.build/release/stripe-customers swift test --filter ReconcileScale`
@Suite("Reconcile over many customers")
struct ReconcileScaleTests {
    private static let customers = ProcessInfo.processInfo.environment["RECONCILE_CUSTOMERS"].flatMap(Int.init) ?? 2_000

    @Test("It reports exactly the injected faults, repairs exactly those that are safe, and deletes nothing")
    func faults() async throws {
        let town = try await FaultyTown(customers: Self.customers)
        let injected = town.faults.flatMap(\.findings)
        #expect(Set(injected).count == injected.count)

        let first = try await town.reconcile()
        #expect(first.found == Set(injected), "\(first.found.symmetricDifference(injected).sorted().prefix(20))")
        #expect(first.counts == town.counts(\.findings))
        #expect(first.report["users"]?.int64 == Int64(try town.sql("SELECT count(*) FROM users")[0].integer(0) ?? 0))
        #expect(first.report["customers"]?.int64 == Int64(try await town.stripe.customers().count))
        #expect(first.report["keptEdits"]?.int64 == Int64(town.keptEdits))
        #expect(first.report["truncated"]?.bool == false && first.report["fixed"]?.int64 == 0)
        #expect(town.stripe.watch.figures.mutations == 0)

        let before = Set(try await town.stripe.customers().compactMap { $0["id"]?.string })
        let fixing = try await town.reconcile("--fix")
        #expect(fixing.found == Set(injected), "\(fixing.found.symmetricDifference(injected).sorted().prefix(20))")
        let repaired = town.faults.filter(\.isRepaired).flatMap(\.findings)
        #expect(fixing.fixed == Set(repaired), "\(fixing.fixed.symmetricDifference(repaired).sorted().prefix(20))")
        let after = Set(try await town.stripe.customers().compactMap { $0["id"]?.string })
        #expect(after.isSuperset(of: before) && after.count == before.count + town.made)

        let left = town.faults.filter { !$0.isRepaired }.flatMap(\.findings)
        let last = try await town.reconcile()
        #expect(last.found == Set(left), "\(last.found.symmetricDifference(left).sorted().prefix(20))")
        #expect(town.stripe.watch.violations == [])
        for (name, run) in [("reconcile", first), ("reconcile --fix", fixing), ("reconcile", last)] {
            print(
                "\(name): \(run.report["customers"]?.int64 ?? 0) customers, \(run.found.count) findings,",
                "\(run.duration), \(run.peakMemory / 1024) MB")
        }
    }
}

/// Users and customers in step, but for faults of every kind, each some ten times over.
private final class FaultyTown: Sendable {
    struct Fault {
        /// As `found` writes them, so that only what is injected can be equal.
        var findings: [String]
        var isRepaired: Bool
    }

    struct Run {
        var report: JSONValue
        var found: Set<String>
        var fixed: Set<String>
        var duration: Duration
        /// In kilobytes.
        /// In kilobytes; 0 where there is no `/proc`.
        var peakMemory: Int
        var counts: [String: Int]
    }

    let stripe: FaultyStripe
    let faults: [Fault]
    let keptEdits: Int
    /// Customers that the repairs make.
    let made: Int
    private let directory: TemporaryDirectory
    private let arguments: [String]

    private static let each = 10
    private static let synced = #"""
        json_object('email', email, 'name', name, 'phone', phone,
            'metadata', json_patch(coalesce(stripe_metadata, '{}'), json_object('userId', id)))
        """#

    init(customers: Int) async throws {
        directory = try TemporaryDirectory()
        let (database, sandbox) = (directory.file("test.sqlite"), directory.file("stripe.sqlite"))
        var options = FaultyStripe.Options()
        options.otherMode = Set((0..<Self.each * 2).map { "cus_live\($0)" })
        stripe = try FaultyStripe(path: sandbox, options: options)
        arguments = ["--database", database, "--api-base", stripe.url, "--rate-limit", "0"]
        // The first start makes the tables, and begins the audit log before there is anything to be recorded.
        let started = try await Subprocess.run(arguments, environment: ["STRIPE_API_KEY": "sk_test_scale"])
        #expect(started.status == .exited(0), "\(started.standardError)")
        let template = try await stripe.direct(.post, "/v1/customers", "name=Template")
        let templateId = template["id"]?.string ?? ""

        // A user of the number n has the customer cus_n, made in the second n.
        var stripeDatabase = try Connection(path: sandbox, busyTimeout: 10_000)
        var connection = try Connection(path: database, busyTimeout: 10_000)
        func at(_ statement: String) throws { _ = try stripeDatabase.query(statement) }
        func here(_ statement: String) throws { _ = try connection.query(statement) }
        try here("BEGIN")
        try here(
            """
            WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < \(customers))
            INSERT INTO users (id, email, name, phone, stripe_metadata, stripe_customer_id)
            SELECT 'u' || n, 'u' || n || '@example.com', 'Name ' || n, iif(n % 3, '+44' || n, NULL),
                iif(n % 2, json_object('plan', 'pro', 'team', 'a' || n), NULL), 'cus_' || n FROM n
            """)
        try here(
            """
            INSERT INTO synced_profiles (user_id, customer_id, profile, synced_at)
            SELECT id, stripe_customer_id, \(Self.synced), 0 FROM users
            """)
        try here("COMMIT")
        try at("BEGIN")
        try at(
            """
            WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < \(customers))
            INSERT INTO customer (account, id, created, email, object)
            SELECT '', 'cus_' || n, 1700000000 + n, 'u' || n || '@example.com', json_set(object, '$.id', 'cus_' || n,
                '$.created', 1700000000 + n, '$.email', 'u' || n || '@example.com', '$.name', 'Name ' || n,
                '$.phone', iif(n % 3, '+44' || n, NULL), '$.metadata',
                json(iif(n % 2, json_object('plan', 'pro', 'team', 'a' || n, 'userId', 'u' || n),
                    json_object('userId', 'u' || n))))
            FROM n, (SELECT object FROM customer WHERE id = '\(templateId)')
            """)
        try at("DELETE FROM customer WHERE id = '\(templateId)'")

        var injected: [Fault] = []
        var (kept, made, next) = (0, 0, 1)
        /// Of a user that nothing was done to yet; even or odd numbers only where metadata is needed.
        func some(_ body: (Int) throws -> Fault?) throws {
            for _ in 0..<Self.each {
                if let fault = try body(next) { injected.append(fault) }
                next += 2
            }
        }
        func drift(_ n: Int, _ field: String) -> Fault {
            Fault(findings: ["drift u\(n) cus_\(n) \(field)"], isRepaired: true)
        }
        // What a user changed, with the queue's entry lost.
        let userChanges = [
            ("email = 'new-' || email", "email"), ("name = 'New'", "name"), ("name = NULL", "name"),
            ("phone = '7'", "phone"),
            (#"stripe_metadata = json_set(stripe_metadata, '$.plan', 'free')"#, "metadata.plan"),
            (#"stripe_metadata = json_set(stripe_metadata, '$.crm', '7')"#, "metadata.crm"),
            (#"stripe_metadata = json_remove(stripe_metadata, '$.plan')"#, "metadata.plan"),
        ]
        for (change, field) in userChanges {
            try some { n in
                try here("UPDATE users SET \(change) WHERE id = 'u\(n)'")
                return drift(n, field)
            }
        }
        // What was edited at Stripe, with no event of it.
        let edits = [
            ("$.email", "'edited@example.com'", "email"), ("$.name", "'Edited'", "name"), ("$.name", "NULL", "name"),
            ("$.phone", "'8'", "phone"), ("$.metadata.plan", "'edited'", "metadata.plan"),
            ("$.metadata.userId", "'somebody'", "metadata.userId"),
        ]
        func edit(_ n: Int, _ path: String, _ value: String) throws {
            try at(
                """
                UPDATE customer SET object = json_set(object, '\(path)', \(value)), email =
                    iif('\(path)' = '$.email', \(value), email) WHERE id = 'cus_\(n)'
                """)
        }
        for (path, value, field) in edits {
            try some { n in
                try edit(n, path, value)
                return drift(n, field)
            }
        }
        // The same to the eye and to canonical equivalence, and not the same.
        try some { n in
            try here("UPDATE users SET name = 'Ren\u{E9}' WHERE id = 'u\(n)'")
            try edit(n, "$.name", "'Rene\u{301}'")
            return drift(n, "name")
        }
        // In doubt: only who is apart from Stripe is reported.
        let doubt = "UPDATE synced_profiles SET profile = json_remove(profile, '$.name') WHERE user_id ="
        try some { n in
            try here("\(doubt) 'u\(n)'")
            return nil
        }
        try some { n in
            try here("\(doubt) 'u\(n)'")
            try here("UPDATE users SET name = NULL WHERE id = 'u\(n)'")
            return drift(n, "name")
        }
        // An edit that is known and kept, and a customer that is archived.
        try some { n in
            try edit(n, "$.name", "'Known'")
            try here("UPDATE synced_profiles SET edits = json_object('name', 'Known') WHERE user_id = 'u\(n)'")
            kept += 1
            return nil
        }
        try some { n in
            try edit(n, "$.name", "'Old'")
            try edit(n, "$.metadata.stripe_customers_archived_at", "'2026-01-01T00:00:00.000Z'")
            try here("INSERT INTO archived_customers (customer_id, archived_at) VALUES ('cus_\(n)', 0)")
            return nil
        }
        func make(_ id: String, naming user: String?, _ created: Int) throws {
            try at(
                """
                INSERT INTO customer (account, id, created, object) SELECT '', '\(id)', \(created),
                    json_set(object, '$.id', '\(id)', '$.created', \(created), '$.name', NULL,
                        '$.email', \(user.map { "'\($0)@example.com'" } ?? "NULL"),
                        '$.phone', NULL, '$.metadata', json('\(user.map { #"{"userId":"\#($0)"}"# } ?? "{}")'))
                FROM customer WHERE id = 'cus_\(customers)'
                """)
        }
        // Dead links: deleted, unknown, and with one other customer to go on with.
        func dead(_ n: Int, _ candidates: [String] = []) -> Fault {
            Fault(findings: ["dead_link u\(n) cus_\(n)"], isRepaired: true)
        }
        try some { n in
            try at(
                """
                UPDATE customer SET deleted = 1, email = NULL,
                    object = json_object('id', id, 'object', 'customer', 'deleted', json('true')) WHERE id = 'cus_\(n)'
                """)
            made += 1
            return dead(n)
        }
        try some { n in
            try at("DELETE FROM customer WHERE id = 'cus_\(n)'")
            made += 1
            return dead(n)
        }
        try some { n in
            try at("DELETE FROM customer WHERE id = 'cus_\(n)'")
            try make("cus_heir\(n)", naming: "u\(n)", 1)
            return dead(n)
        }
        // Several customers for one user.
        try some { n in
            try make("cus_twin\(n)", naming: "u\(n)", 1)
            return Fault(findings: ["duplicate u\(n) cus_\(n)"], isRepaired: false)
        }
        // Links into the other mode, also with a customer in this one.
        for number in 0..<Self.each * 2 {
            let n = next
            next += 2
            try at("DELETE FROM customer WHERE id = 'cus_\(n)'")
            try here("UPDATE users SET stripe_customer_id = 'cus_live\(number)' WHERE id = 'u\(n)'")
            if number >= Self.each { try make("cus_here\(n)", naming: "u\(n)", 1) }
            injected.append(Fault(findings: ["wrong_mode u\(n) cus_live\(number)"], isRepaired: false))
        }
        // Users without a customer, and customers without a user.
        for number in 0..<Self.each {
            for kind in ["missing", "waiting", "chosen"] {
                try here("INSERT INTO users (id, email) VALUES ('\(kind)\(number)', '\(kind)\(number)@example.com')")
            }
            try make("cus_waiting\(number)", naming: "waiting\(number)", 1)
            for age in 0..<3 { try make("cus_chosen\(number)-\(age)", naming: "chosen\(number)", 1 + age) }
            try make("cus_gone\(number)", naming: "gone\(number)", 1)
            try make("cus_nobody\(number)", naming: nil, 1)
            made += 1
            injected += [
                Fault(findings: ["missing missing\(number)"], isRepaired: true),
                Fault(findings: ["orphan waiting\(number) cus_waiting\(number)"], isRepaired: true),
                Fault(findings: ["duplicate chosen\(number) cus_chosen\(number)-0"], isRepaired: false),
                Fault(findings: ["orphan gone\(number) cus_gone\(number)"], isRepaired: false),
                Fault(findings: ["orphan cus_nobody\(number)"], isRepaired: false),
            ]
        }
        try here("DELETE FROM sync_queue")
        try at("COMMIT")
        precondition(next <= customers, "so many faults need more customers")
        (faults, keptEdits, self.made) = (injected, kept, made)
    }

    func sql(_ statement: String) throws -> [Row] {
        var connection = try Connection(path: directory.file("test.sqlite"), busyTimeout: 10_000)
        return try connection.query(statement)
    }

    func counts(_ findings: (Fault) -> [String]) -> [String: Int] {
        Dictionary(grouping: faults.flatMap(findings)) { String($0.prefix { $0 != " " }) }.mapValues(\.count)
    }

    func reconcile(_ options: String...) async throws -> Run {
        let start = ContinuousClock.now
        let process = try Subprocess(
            ["reconcile"] + options + arguments, environment: ["STRIPE_API_KEY": "sk_test_scale"])
        async let lines = process.readAll(timeout: .seconds(1_800))
        let memory = Task {
            var peak = 0
            while !Task.isCancelled {
                peak = max(peak, process.kilobytes(.peak))
                try? await Task.sleep(for: .milliseconds(100))
            }
            return peak
        }
        let line = try await lines.first ?? ""
        memory.cancel()
        #expect(try await process.wait() == .exited(1), "\(process.standardError)")
        let duration = ContinuousClock.now - start
        let report = try JSONValue(parsing: Array(line.utf8))
        let findings = report["findings"]?.array ?? []
        let counts = report["counts"]?.object?.members.map { ($0.name, Int($0.value.int64 ?? 0)) } ?? []
        return Run(
            report: report, found: Set(findings.map(Self.text)),
            fixed: Set(findings.filter { $0["fixed"]?.bool == true }.map(Self.text)), duration: duration,
            peakMemory: await memory.value, counts: Dictionary(uniqueKeysWithValues: counts))
    }

    /// `kind user customer fields`
    private static func text(_ finding: JSONValue) -> String {
        let fields = finding["fields"]?.array?.compactMap(\.string).joined(separator: ",")
        return [finding["kind"]?.string, finding["userId"]?.string, finding["customerId"]?.string, fields]
            .compactMap(\.self).joined(separator: " ")
    }
}
