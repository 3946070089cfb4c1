import JSON
import TestSupport
import Testing

/// Random values that look like personal data go in everywhere, everything fails, and then they are searched for in
/// everything that comes out but results.
@Suite("Privacy")
struct PrivacyTests {
    /// What a person is to a test: values that stand nowhere else.
    private struct Person {
        let random = (0..<4).map { _ in String(UInt64.random(in: 1 << 60 ... .max), radix: 36) }
        var email: String { "canary-\(random[0])@mail.example" }
        var name: String { "Canary \(random[1])" }
        var phone: String { "+49\(random[2].prefix(12))" }
        var metadata: String { "plan \(random[3])" }
        var secrets: [String] { [email, "canary-\(random[0])", random[1], String(random[2].prefix(12)), random[3]] }

        func profile(_ more: JSONValue) -> JSONValue {
            var object = more.object ?? [:]
            object["email"] = .string(email)
            object["name"] = .string(name)
            object["phone"] = .string(phone)
            object["metadata"] = ["plan": .string(metadata)]
            return .object(object)
        }
    }

    private let directory: TemporaryDirectory
    private let database: String
    private let key = "sk_test_" + String(UInt64.random(in: 1 << 60 ... .max), radix: 36) + "Canary"

    init() throws {
        directory = try TemporaryDirectory()
        database = directory.file("test.sqlite")
    }

    private func host(_ stripe: EchoingStripe) throws -> Host {
        try Host(
            [
                "--database", database, "--api-base", stripe.url, "--log-level", "debug", "--rate-limit", "0",
            ], environment: ["STRIPE_API_KEY": key])
    }

    @Test("Nothing personal and no key is in logs, errors and the audit log, whatever fails; after erasure, in no file")
    func canaries() async throws {
        let stripe = try EchoingStripe()
        var host = try host(stripe)
        var processes = [host.process]
        /// A new process: to one that has met many failures the circuit breaker would keep all others from happening.
        func restart() async throws {
            stripe.set(.works)
            try await host.end()
            host = try self.host(stripe)
            processes.append(host.process)
        }
        let old = Person()
        _ = try await host.call("registerUser", old.profile(["userId": "old"]))
        let customerId = try await host.call("getUser", ["userId": "old"])["customerId"] ?? .null
        var people = [old]
        /// Deleted, not erased: nothing of them may be said, but their customers stay noted.
        var leavers: [Person] = []
        var errors: [JSONValue] = []
        var users = ["old"]
        for (index, mode) in [
            EchoingStripe.Mode.works, .rejects, .refusesKey, .refusesPermission, .fails, .limits,
            .talksHTML, .stalls,
        ].enumerated() {
            try await restart()
            stripe.set(mode)
            let requestsBefore = stripe.requests.count
            let person = Person()
            people.append(person)
            let userId = "user_\(index)"
            users.append(userId)
            let leaver = Person()
            leavers.append(leaver)
            let leaverId = "leaver_\(index)"
            var calls: [(String, JSONValue)] = [
                ("registerUser", person.profile(["userId": .string(userId)])),
                ("registerUser", person.profile(["userId": "another"])),
                ("updateUser", person.profile(["userId": "old"])),
                ("updateUser", ["userId": .string(userId), "name": .string(person.name + "!")]),
                ("createCustomer", person.profile([:])),
                ("createCustomer", person.profile(["userId": .string(userId), "description": .string(person.name)])),
                ("updateCustomer", person.profile(["customerId": customerId])),
                ("getCustomer", ["customerId": customerId]),
                ("getCustomerByEmail", ["email": .string(person.email)]),
                ("getUserByEmail", ["email": .string(person.email)]),
                ("listCustomers", ["email": .string(person.email)]), ("archiveCustomer", ["customerId": customerId]),
                ("restoreCustomer", ["customerId": customerId]),
                ("syncCustomerWithUser", ["userId": .string(userId)]),
                ("ensureCustomerExists", ["userId": .string(userId), "verify": true, "emailVerified": true]),
                ("linkCustomer", ["userId": .string(userId), "customerId": "cus_other"]),
                ("exportUserData", ["userId": .string(userId)]), ("getSyncStatus", ["userId": .string(userId)]),
                ("handleWebhook", ["payload": .string(person.email), "signature": .string(person.name)]),
                // Wrong params: the value is wrong, and not repeated.
                ("createCustomer", ["email": .string(person.name)]),
                ("getCustomer", ["customerId": .string(person.email)]),
                ("registerUser", person.profile(["userId": .string(String(repeating: person.name, count: 60))])),
                ("updateUser", ["userId": "old", "phone": .string(person.phone + person.phone + person.phone)]),
                ("updateUser", ["userId": "old", "metadata": .string(person.metadata)]),
                ("createCustomer", ["email": .string(person.email), "tax_exempt": .string(person.name)]),
                ("unlinkCustomer", ["userId": .string(userId), "customerId": .string(person.email)]),
                ("unlinkCustomer", ["userId": .string(userId), "customerId": "cus_other"]),
                ("deleteCustomer", ["customerId": "cus_other"]),
                ("deleteCustomer", ["customerId": .string(person.name)]),
                ("getUserByCustomerId", ["customerId": customerId]), ("listUsers", ["limit": 100]),
                ("registerUser", leaver.profile(["userId": .string(leaverId)])),
                ("deleteUser", ["userId": .string(leaverId), "customer": .string(leaver.name)]),
                ("deleteUser", ["userId": .string(leaverId), "customer": index % 2 == 0 ? "delete" : "archive"]),
                ("syncAllUsers", ["dryRun": .bool(mode == .stalls)]), ("verifyAuditLog", [:]),
            ]
            // It would go on for as long as Stripe stalls.
            if mode != .stalls { calls.append(("reconcile", [:])) }
            for (method, params) in calls {
                var params = params.object ?? [:]
                params["_meta"] = ["timeoutMs": mode == .stalls ? 150 : 5000]
                let answer = try await host.send(method, .object(params))
                if let error = answer["error"] { errors.append(error) }
            }
            try await host.process.write(
                #"{"jsonrpc":"2.0","id":1,"method":"getUser","params":{"userId":"\#(person.email)""#)
            errors.append(try JSONValue(parsing: Array(try #require(try await host.process.readLine()).utf8)))
            #expect(stripe.requests.count > requestsBefore, "\(mode)")
        }
        #expect(errors.count > 60)
        try await restart()
        let events = try await everyEvent(host)
        let secrets = (people + leavers).flatMap(\.secrets) + [key]
        for (what, text) in [("errors", JSONValue.array(errors).description), ("audit", events)] {
            for secret in secrets { #expect(!text.contains(secret), "\(secret) in \(what)") }
        }

        for userId in users { _ = try await host.send("eraseUser", ["userId": .string(userId), "force": true]) }
        // What could not be erased at once is by the next start: the end waits for it, or the start goes on.
        try await restart()
        #expect(try await host.call("verifyAuditLog")["valid"] == true)
        for userId in users { #expect(try await host.call("getUser", ["userId": .string(userId)]).isNull) }
        try await host.end()
        let log = processes.map(\.standardError).joined()
        #expect(log.contains(#""level":"debug""#))
        for secret in secrets { #expect(!log.contains(secret), "\(secret) in the log") }
        expectNothing(of: people.flatMap(\.secrets) + [key])
    }

    private func everyEvent(_ host: Host) async throws -> String {
        var text = ""
        var after: JSONValue = 0
        while true {
            let page = try await host.call("listAuditEvents", ["limit": 100, "startingAfter": after])
            text += page.description
            guard page["hasMore"] == true, let last = page["data"]?.array?.last?["sequence"] else { return text }
            after = last
        }
    }

    /// In the raw bytes of every file of the database.
    private func expectNothing(of secrets: [String]) {
        for suffix in ["", "-wal", "-shm", "-journal", ".audit-key", ".audit-anchor"] {
            // Every byte is a character, so that nothing is missed between them.
            let text = String(decoding: contents(of: database + suffix).map(UInt16.init), as: UTF16.self)
            for secret in secrets { #expect(!text.contains(secret), "\(secret) in the database\(suffix)") }
        }
    }

    @Test("Of one user erased among hundreds no byte stays in the database or the write-ahead log, while it is open")
    func amongMany() async throws {
        let host = try Host(["--sandbox", "--database", database])
        let people = (0..<150).map { _ in Person() }
        for (index, person) in people.enumerated() {
            _ = try await host.call("registerUser", person.profile(["userId": .string("user_\(index)")]))
        }
        // Rows move between pages as they grow and as others go, and SQLite leaves copies behind.
        for index in stride(from: 0, to: people.count, by: 3).shuffled() {
            _ = try await host.call(
                "updateUser",
                [
                    "userId": .string("user_\(index)"),
                    "metadata": ["long": .string(String(repeating: people[index].random[3], count: 30))],
                ])
        }
        let erased = Array(people.indices.dropFirst(5).shuffled().prefix(50))
        for index in erased {
            let report = try await host.call("eraseUser", ["userId": .string("user_\(index)")])
            #expect(report["state"] == "done")
        }
        expectNothing(of: erased.flatMap { people[$0].secrets })
        // The search finds what is there.
        let files = (contents(of: database) + contents(of: database + "-wal")).map(UInt16.init)
        #expect(String(decoding: files, as: UTF16.self).contains(people[4].email))
        #expect(try await host.call("verifyAuditLog")["valid"] == true)
        #expect(try await host.call("getUser", ["userId": "user_4"])["name"] == .string(people[4].name))
    }
}
