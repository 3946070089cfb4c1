import Foundation
import JSON
import SQLite
import TestSupport
import Testing

/// The audit log as a host sees it, and what becomes of it when somebody changes the file.
@Suite("Audit log")
struct AuditTests {
    private let directory: TemporaryDirectory
    private let database: String

    init() throws {
        directory = try TemporaryDirectory()
        database = directory.file("test.sqlite")
    }

    private func host(_ environment: [String: String] = [:]) throws -> Host {
        try Host(["--sandbox", "--database", database], environment: environment)
    }

    /// Three users are registered, so six events.
    private func written() async throws {
        let host = try host()
        for name in ["ada", "bob", "cleo"] {
            _ = try await host.call("registerUser", ["userId": .string(name), "email": .string("\(name)@example.com")])
        }
        try await expectEvents(6, host)
        try await host.end()
    }

    /// Waits for all of them: a registration that Stripe keeps waiting on a busy machine is answered before its customer
    /// is made.
    private func expectEvents(_ count: JSONValue, _ host: Host) async throws {
        try await until("\(count) events") { try await host.call("verifyAuditLog")["events"] == count }
        #expect(try await host.call("verifyAuditLog") == ["valid": true, "events": count])
    }

    /// As somebody who has the file: the triggers are no obstacle.
    private func tamper(_ statements: [String]) throws {
        var connection = try Connection(path: database)
        for trigger in ["no_update", "no_delete", "next_only"] {
            try connection.execute("DROP TRIGGER audit_events_\(trigger)")
        }
        for statement in statements { try connection.execute(statement) }
    }

    @Test("An address of one letter, or a user id that is one, is in no event and no line of the log")
    func oneLetter() async throws {
        let host = try host()
        _ = try await host.call("registerUser", ["userId": "q@example.com", "email": "q@example.com"])
        let events = try await host.call("listAuditEvents", ["limit": 100])
        #expect(events["data"]?.array?.first?["details"]?["email"]?["mask"] == "***@example.com", "\(events)")
        #expect(!events.description.contains("q***") && !events.description.contains("q@"), "\(events)")
        try await host.end()
        #expect(host.process.standardError.contains("***@example.com"))
        #expect(!host.process.standardError.contains("q***") && !host.process.standardError.contains("q@"))
    }

    @Test(
        "Every change has its event, with actor, ids, outcome, Stripe's request id and the trace, and addresses masked")
    func events() async throws {
        let host = try host()
        let actor: JSONValue = ["id": "admin_1", "role": "admin"]
        let user = try await host.call(
            "registerUser", ["userId": "ada", "email": "ada@example.com", "name": "Ada Lovelace"], as: actor)
        let customerId = try #require(user["customerId"]?.string)
        _ = try await host.call("updateCustomer", ["customerId": .string(customerId), "phone": "+44 1"])
        #expect(try await host.failure("deleteCustomer", ["customerId": "cus_none"]) == "customer_not_found")
        #expect(try await host.failure("getUser", ["userId": "nobody"]) == nil)
        let events = try #require(try await host.call("listAuditEvents", ["limit": 100])["data"]?.array)
        let summaries = events.map { event in
            [
                event["method"], event["outcome"], event["details"]?["change"], event["userId"], event["customerId"],
                event["actor"]?["id"],
            ].map { $0?.string ?? "-" }.joined(separator: " ")
        }
        #expect(
            summaries == [
                "registerUser ok user.registered ada - admin_1",
                "registerUser ok customer.created ada \(customerId) admin_1",
                "updateCustomer ok - ada \(customerId) -",
                "deleteCustomer customer_not_found customer.gone - cus_none -",
            ])
        #expect(events[1]["details"]?["stripeRequestId"]?.string?.hasPrefix("req_") == true)
        #expect(events[0]["details"]?["email"]?["mask"] == "a***@example.com")
        #expect(events[2]["details"]?["fields"] == ["phone"])
        let text = JSONValue.array(events).description
        #expect(!text.contains("ada@") && !text.contains("Lovelace") && !text.contains("+44"))
    }

    @Test(
        "A change at Stripe that a kill cuts off is recorded by the next process, its outcome unknown",
        arguments: ["updateCustomer", "archiveCustomer", "createCustomer", "deleteCustomer"])
    func killed(method: String) async throws {
        let stripe = try FaultyStripe()
        func host() throws -> Host {
            try Host(
                ["--database", database, "--api-base", stripe.url, "--rate-limit", "0"],
                environment: ["STRIPE_API_KEY": "sk_test_audit"])
        }
        let first = try host()
        let made = try await first.call("createCustomer", ["email": "ada@example.com"])
        var params: JSONObject = ["customerId": made["id"] ?? .null]
        switch method {
        case "updateCustomer": params["email"] = "ada@example.org"
        case "createCustomer": params = ["email": "ada@example.org", "onDuplicateEmail": "allow"]
        default: break
        }
        // Stripe has done it, and the process never hears of it.
        let process = first.process
        stripe.observe { request, stage in
            guard stage == .executed, request.route.isMutation else { return true }
            process.kill(SIGKILL)
            return false
        }
        params["_meta"] = ["actor": admin]
        try await process.write(request(2, method, JSONValue.object(params).description))
        #expect(try await process.wait() == .signalled(SIGKILL))
        stripe.observe { _, _ in true }
        var connection = try Connection(path: database, busyTimeout: 10_000)
        let second = try host()
        // It waits for what the killed one may have on its way still. `createCustomer` was called before, too.
        var event: JSONValue = .null
        try await until("the event of the change that was cut off") {
            let events = try await second.call("listAuditEvents", ["method": .string(method)])["data"]?.array
            event = events?.last ?? .null
            return event["outcome"] == "unknown"
        }
        #expect(event["actor"] == admin)
        #expect(event["customerId"] == params["customerId"] ?? .null)
        #expect(!event.description.contains("ada@"))
        #expect(try await second.call("verifyAuditLog")["valid"] == true)
        try await second.end()
        #expect(try connection.query("SELECT 1 FROM changes_under_way").isEmpty)
    }

    private let admin: JSONValue = ["id": "admin_1", "role": "admin"]

    @Test("Pages are by time, actor, user, customer and method")
    func filters() async throws {
        let host = try host()
        for name in ["ada", "bob"] {
            _ = try await host.call(
                "registerUser", ["userId": .string(name), "email": .string("\(name)@example.com")],
                as: ["id": .string("admin_\(name)"), "role": "admin"])
            // No two registrations in one millisecond, since the page from the second must not have the first.
            try await Task.sleep(for: .milliseconds(2))
        }
        _ = try await host.call("deleteUser", ["userId": "bob", "customer": "keep"])
        let all = try #require(try await host.call("listAuditEvents", ["limit": 100])["data"]?.array)
        #expect(all.count == 5)
        let customerId = all[1]["customerId"] ?? .null
        func sequences(_ params: JSONValue) async throws -> [Int64] {
            try await host.call("listAuditEvents", params)["data"]?.array?.compactMap { $0["sequence"]?.int64 } ?? []
        }
        #expect(try await sequences(["userId": "ada"]) == [1, 2])
        #expect(try await sequences(["actor": "admin_bob"]) == [3, 4])
        #expect(try await sequences(["customerId": customerId]) == [2])
        #expect(try await sequences(["method": "deleteUser"]) == [5])
        #expect(try await sequences(["from": all[2]["at"] ?? .null]) == [3, 4, 5])
        #expect(try await sequences(["to": "2001-01-01T00:00:00+01:00"]).isEmpty)
        let page = try await host.call("listAuditEvents", ["limit": 2, "startingAfter": 1])
        #expect(page["hasMore"] == true && page["data"]?.array?.first?["sequence"] == 2)
    }

    @Test(
        "SQL that changes the log is refused",
        arguments: [
            "UPDATE audit_events SET outcome = 'ok'", "DELETE FROM audit_events",
            "INSERT OR REPLACE INTO audit_events SELECT 1, at, actor_id, actor_role, method, user_id, customer_id, "
                + "outcome, details, previous_hash, hash FROM audit_events WHERE sequence = 2",
        ])
    func appendOnly(statement: String) async throws {
        try await written()
        var connection = try Connection(path: database)
        let error = #expect(throws: SQLiteError.self) { try connection.execute(statement) }
        #expect(error?.message == "the audit log is append-only")
    }

    @Test(
        "What was changed behind the triggers is found where it was changed",
        arguments: [
            ("edit", ["UPDATE audit_events SET outcome = 'denied' WHERE sequence = 3"], 3),
            ("edit of the time", ["UPDATE audit_events SET at = at + 1 WHERE sequence = 6"], 6),
            ("edit of who", ["UPDATE audit_events SET actor_id = 'x', actor_role = 'y' WHERE sequence = 1"], 1),
            ("a role where there was no actor", ["UPDATE audit_events SET actor_role = 'admin' WHERE sequence = 3"], 3),
            ("edit of the details", ["UPDATE audit_events SET details = '{}' WHERE sequence = 4"], 4),
            ("edit of a hash", ["UPDATE audit_events SET hash = previous_hash WHERE sequence = 6"], 6),
            ("removal", ["DELETE FROM audit_events WHERE sequence = 3"], 3),
            (
                "removal, closed up",
                [
                    "DELETE FROM audit_events WHERE sequence = 3",
                    "UPDATE audit_events SET sequence = sequence - 1 WHERE sequence > 3",
                ], 3
            ),
            ("removal of the head", ["DELETE FROM audit_events WHERE sequence = 1"], 1),
            (
                "swap",
                [
                    "UPDATE audit_events SET sequence = 99 WHERE sequence = 2",
                    "UPDATE audit_events SET sequence = 2 WHERE sequence = 5",
                    "UPDATE audit_events SET sequence = 5 WHERE sequence = 99",
                ], 2
            ),
            (
                "insertion",
                [
                    "INSERT INTO audit_events SELECT 7, at, actor_id, actor_role, method, user_id, customer_id, outcome, "
                        + "details, hash, hash FROM audit_events WHERE sequence = 6"
                ], 7
            ),
            ("cut tail", ["DELETE FROM audit_events WHERE sequence > 4"], 5),
            ("everything", ["DELETE FROM audit_events"], 1),
        ] as [(String, [String], Int64)])
    func tampering(what: String, statements: [String], firstBroken: Int64) async throws {
        try await written()
        try tamper(statements)
        let host = try host()
        let verdict = try await host.call("verifyAuditLog")
        #expect(verdict["valid"] == false, "\(what)")
        #expect(verdict["firstBroken"]?.int64 == firstBroken, "\(what)")
    }

    @Test("A cut tail stays visible whatever is appended after it")
    func regrown() async throws {
        try await written()
        try tamper(["DELETE FROM audit_events WHERE sequence > 4"])
        let host = try host()
        for name in ["dan", "eve", "fay"] {
            _ = try await host.call("registerUser", ["userId": .string(name), "email": .string("\(name)@example.com")])
        }
        try await host.end()
        let next = try self.host()
        let verdict = try await next.call("verifyAuditLog")
        #expect(verdict["valid"] == false && verdict["fault"] == "anchor")
    }

    @Test(
        "An anchor that is moved, gone or spoiled shows for good",
        arguments: ["moved", "gone", "spoiled", "gone with all events"])
    func anchor(what: String) async throws {
        try await written()
        let file = database + ".audit-anchor"
        var connection = try Connection(path: database)
        let fourth = try connection.query("SELECT hash FROM audit_events WHERE sequence = 4").first?.text(0) ?? ""
        switch what {
        case "gone with all events": try tamper(["DELETE FROM audit_events"])
        default: try tamper(["DELETE FROM audit_events WHERE sequence > 4"])
        }
        switch what {
        case "moved":
            // With the seal of the old one, the best that can be had without the key.
            let old = try JSONValue(parsing: Array(try String(contentsOf: URL(filePath: file), encoding: .utf8).utf8))
            let new: JSONValue = ["sequence": 4, "hash": .string(fourth), "seal": old["seal"] ?? ""]
            try new.description.write(to: URL(filePath: file), atomically: true, encoding: .utf8)
        case "spoiled": try "{}".write(to: URL(filePath: file), atomically: true, encoding: .utf8)
        default: unlink(file)
        }
        for _ in 1...2 {
            let host = try host()
            #expect(try await host.call("verifyAuditLog")["valid"] == false)
            let name = "later\(what.utf8.count)"
            _ = try await host.send("registerUser", ["userId": .string(name), "email": .string("\(name)@example.com")])
            try await host.end()
        }
    }

    @Test("A process that is killed right after its first event leaves a log that is whole")
    func killedEarly() async throws {
        let first = try host()
        _ = try await first.call("registerUser", ["userId": "ada", "email": "ada@example.com"])
        first.process.kill(SIGKILL)
        _ = try await first.process.wait()
        #expect(try await host().call("verifyAuditLog")["valid"] == true)
    }

    @Test("Without its key a log that has events is not continued")
    func lostKey() async throws {
        try await written()
        unlink(database + ".audit-key")
        let output = try await Subprocess.run(["--sandbox", "--database", database])
        #expect(output.status == .exited(78))
        #expect(output.standardError.contains("test.sqlite.audit-key") && output.standardError.contains("put it back"))
    }

    @Test("A byte changed in the file is found")
    func bytes() async throws {
        try await written()
        let file = try #require(fopen(database, "r+"))
        var contents = [UInt8](repeating: 0, count: 1 << 20)
        contents.removeSubrange(fread(&contents, 1, contents.count, file)...)
        let needle = Array(#""mask":"b***@example.com""#.utf8)
        let place = try #require(contents.indices.first { contents[$0...].starts(with: needle) })
        fseek(file, place + 8, SEEK_SET)
        fputc(Int32(UInt8(ascii: "z")), file)
        fclose(file)
        #expect(try await host().call("verifyAuditLog")["valid"] == false)
    }

    @Test("An end that the host kept shows a tail that was cut together with the anchor")
    func keptAnchor() async throws {
        try await written()
        let before = try host()
        let anchor = try #require(try await before.call("health")["audit"])
        #expect(anchor["sequence"] == 6)
        try await before.end()
        try tamper(["DELETE FROM audit_events WHERE sequence > 4"])
        unlink(database + ".audit-anchor")
        let host = try host()
        #expect(try await host.call("verifyAuditLog")["fault"] == "anchor_missing")
        #expect(try await host.call("verifyAuditLog", ["anchor": anchor])["firstBroken"] == 5)
    }

    private static let newKey = String(repeating: "5a", count: 32)

    @Test("A start under another key is refused, and the log is left as it is", arguments: [true, false])
    func otherKey(isFile: Bool) async throws {
        try await written()
        let file = URL(filePath: database + ".audit-key")
        let key = try String(contentsOf: file, encoding: .utf8)
        if isFile { try Self.newKey.write(to: file, atomically: true, encoding: .utf8) }
        for arguments in [[], ["reconcile"]] {
            let output = try await Subprocess.run(
                arguments + ["--sandbox", "--database", database],
                environment: isFile ? [:] : ["STRIPE_CUSTOMERS_AUDIT_KEY": Self.newKey])
            #expect(output.status == .exited(78) && output.lines.isEmpty)
            #expect(output.standardError.contains("under another key"))
            #expect(output.standardError.contains(isFile ? "test.sqlite.audit-key" : "STRIPE_CUSTOMERS_AUDIT_KEY"))
        }
        try key.write(to: file, atomically: true, encoding: .utf8)
        #expect(try await host().call("verifyAuditLog") == ["valid": true, "events": 6])
    }

    @Test(
        "Who tampers with a log does not keep the operator out",
        arguments: [
            "UPDATE audit_events SET outcome = 'none' WHERE sequence > 1",
            "UPDATE audit_events SET outcome = 'none' WHERE sequence < 6",
            "DELETE FROM audit_events WHERE sequence > 1",
        ])
    func noLockOut(statement: String) async throws {
        try await written()
        try tamper([statement])
        try "{}".write(to: URL(filePath: database + ".audit-anchor"), atomically: true, encoding: .utf8)
        #expect(try await host().call("verifyAuditLog")["valid"] == false)
    }

    @Test(
        "Where the key is lost, a log that the operator has emptied begins anew, and that this was done shows for good")
    func newKey() async throws {
        try await written()
        var connection = try Connection(path: database)
        for statement in ["DROP TRIGGER audit_events_no_delete", "DELETE FROM audit_events"] {
            try connection.execute(statement)
        }
        unlink(database + ".audit-anchor")
        try Self.newKey.write(to: URL(filePath: database + ".audit-key"), atomically: true, encoding: .utf8)
        for session in 1...2 {
            let host = try host()
            let email = JSONValue.string("\(session)@example.com")
            _ = try await host.call("registerUser", ["userId": .string("new\(session)"), "email": email])
            let verdict = try await host.call("verifyAuditLog")
            #expect(verdict["fault"] == "anchor_missing" && verdict["firstBroken"] == nil)
            try await host.end()
        }
        #expect(throws: SQLiteError.self) { try connection.execute("DELETE FROM audit_events") }
    }

    @Test("The key from the environment leaves no file, and must not be short")
    func keys() async throws {
        let key = ["STRIPE_CUSTOMERS_AUDIT_KEY": String(repeating: "k", count: 32)]
        let host = try host(key)
        _ = try await host.call("registerUser", ["userId": "ada", "email": "ada@example.com"])
        #expect(try await host.call("verifyAuditLog")["valid"] == true)
        try await host.end()
        #expect(access(database + ".audit-key", F_OK) != 0)
        let short = try await Subprocess.run(
            ["--sandbox", "--database", database], environment: ["STRIPE_CUSTOMERS_AUDIT_KEY": "short"])
        #expect(short.status == .exited(78))
    }

    @Test("Two processes on one database continue one chain")
    func twoProcesses() async throws {
        let hosts = [try host(), try host()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, host) in hosts.enumerated() {
                group.addTask {
                    for count in 0..<20 {
                        let name = "user_\(index)_\(count)"
                        _ = try await host.call(
                            "registerUser", ["userId": .string(name), "email": .string("\(name)@example.com")])
                    }
                }
            }
            try await group.waitForAll()
        }
        try await expectEvents(80, hosts[0])
    }

    @Test("Files are for the owner alone; what others can read is warned about")
    func permissions() async throws {
        try await written()
        for file in [database, database + ".audit-key", database + ".audit-anchor"] {
            var status = stat()
            #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600, "\(file)")
        }
        chmod(database, 0o644)
        let host = try host()
        _ = try await host.call("ping")
        try await host.end()
        #expect(
            host.process.standardError.contains(
                #""event":"file.readable_by_others","file":"database","mode":"0644","next":"chmod 600 \#(database)"#),
            "\(host.process.standardError)")
        #expect(host.process.standardError.split(separator: "file.readable_by_others").count == 2, "once for all files")
    }
}
