import JSON
import TestSupport
import Testing

@Suite("Cancelling, deadlines and progress, on the real process with a slow Stripe")
struct CancelProcessTests {
    private let directory: TemporaryDirectory
    private let stripe: SlowStripe

    init() throws {
        directory = try TemporaryDirectory()
        stripe = try SlowStripe { UInt32.random(in: 0...15_000) }
    }

    private func cancel(_ id: Int) -> String { #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#(id)}}"# }

    @Test("A call cancelled at any moment is answered once, and every user that is there has its one customer")
    func registrations() async throws {
        let process = try stripe.process(directory)
        let count = 60
        for number in 1...count {
            let key = #""userId":"u\#(number)""#
            // Two calls on one user, so that the second is often cancelled while it waits for its turn.
            try await process.writeLines([
                request(2 * number, "registerUser", #"{\#(key),"email":"u\#(number)@example.com"}"#),
                request(2 * number + 1, "ensureCustomerExists", #"{\#(key),"verify":true}"#),
            ])
            try await Task.sleep(for: .microseconds(Int.random(in: 0...30_000)))
            try await process.write(cancel(2 * number + Int.random(in: 0...1)))
        }
        let answers = try await process.next(2 * count)
        #expect(Set(answers.compactMap { $0["id"]?.int64 }) == Set(2...Int64(2 * count + 1)))
        let kinds = answers.compactMap { $0["error"]?["data"]?["type"]?.string }
        #expect(Set(kinds).isSubset(of: ["request_cancelled", "user_not_found"]))
        #expect(kinds.contains("request_cancelled"))

        try await expectConsistency(after: process)
    }

    @Test("A change of a customer that is cancelled is made whole or not at all")
    func updates() async throws {
        let process = try stripe.process(directory)
        try await process.write(request(0, "createCustomer", #"{"email":"ada@example.com"}"#))
        let id = try #require(try await process.next()["result"]?["id"]?.string)
        for number in 1...40 {
            let fields = #""name":"name \#(number)","description":"text \#(number)""#
            try await process.write(request(number, "updateCustomer", #"{"customerId":"\#(id)",\#(fields)}"#))
            try await Task.sleep(for: .microseconds(Int.random(in: 0...20_000)))
            if Bool.random() { try await process.write(cancel(number)) }
        }
        let answers = try await process.next(40)
        #expect(Set(answers.compactMap { $0["id"]?.int64 }) == Set(1...40))
        process.closeInput()
        #expect(try await process.readLine() == nil)
        #expect(try await process.wait() == .exited(0))

        let customer = try #require(try await stripe.stripe.customers().first)
        let name = try #require(customer["name"]?.string)
        #expect(customer["description"]?.string == name.replacing("name", with: "text"))
        // A change that was answered with success is there, and so are those that follow it.
        let acknowledged = answers.compactMap { $0["result"] == nil ? nil : $0["id"]?.int64 }.max() ?? 0
        #expect(Int64(name.dropFirst(5)) ?? 0 >= acknowledged)
        #expect(stripe.stripe.watch.violations.isEmpty)
    }

    @Test("Unknown, answered and senseless cancellations are ignored")
    func ignored() async throws {
        let process = try stripe.process(directory)
        try await process.writeLines([
            request(1, "ping"), cancel(1), cancel(7), #"{"jsonrpc":"2.0","method":"$/cancelRequest"}"#,
            #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":null}}"#,
            #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":[1]}}"#,
            #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":[1]}"#,
        ])
        #expect(try await process.next()["id"]?.int64 == 1)
        try await process.write(request(2, "ping"))
        #expect(try await process.next()["id"]?.int64 == 2)
        process.closeInput()
        #expect(try await process.readLine() == nil)
    }

    @Test("The id of a cancelled call is another thing than its text")
    func cancelText() async throws {
        let slow = try SlowStripe { 200_000 }
        let process = try slow.process(directory)
        try await process.writeLines([
            request(1, "getCustomer", #"{"customerId":"cus_1"}"#),
            #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"1"}}"#,
        ])
        #expect(try await process.next()["error"]?["code"]?.int64 == -32001)
    }

    @Test("timeoutMs answers deadline_exceeded, and what was started is completed")
    func deadline() async throws {
        let gate = Gate()
        let slow = try held(by: gate)
        let process = try slow.process(directory)
        try await process.write(
            request(1, "registerUser", #"{"userId":"u1","email":"ada@example.com","_meta":{"timeoutMs":100}}"#))
        // It comes while Stripe has not answered anything yet.
        let answer = try await process.next()
        #expect(answer["error"]?["code"]?.int64 == -32021)
        #expect(answer["error"]?["data"]?["type"]?.string == "deadline_exceeded")
        // The id is free again, and the user's next call waits for the work that goes on.
        try await process.write(request(1, "getUser", #"{"userId":"u1"}"#))
        gate.open()
        #expect(try await process.next()["result"]?["customerId"]?.string != nil)
        try await expectConsistency(after: process, of: slow)
        #expect(try await slow.stripe.customers().count == 1)
    }

    @Test("A deadline that passes while the call waits for its turn keeps it from being started")
    func deadlineWhileWaiting() async throws {
        let gate = Gate()
        let slow = try held(by: gate)
        let process = try slow.process(directory)
        let fields = #""customerId":"cus_1","name""#
        try await process.writeLines([
            request(1, "getCustomer", #"{"customerId":"cus_1"}"#),
            request(2, "updateCustomer", #"{\#(fields):"x","_meta":{"timeoutMs":50}}"#),
        ])
        let late = try await process.next()
        #expect(late["id"]?.int64 == 2 && late["error"]?["code"]?.int64 == -32021)
        gate.open()
        #expect(try await process.next()["id"]?.int64 == 1)
        process.closeInput()
        #expect(try await process.wait() == .exited(0))
        #expect(!slow.requests.contains { $0.route == .update })
    }

    @Test("Progress comes before the answer and never after it, also when the call is cancelled")
    func progress() async throws {
        let registering = try stripe.process(directory, ["--max-in-flight", "512"])
        try await registering.writeLines(
            (1...350).map { request($0, "registerUser", #"{"userId":"u\#($0)","email":"u\#($0)@example.com"}"#) })
        _ = try await registering.next(350)
        // As a host's own program might: every user has to be synced anew.
        try await registering.writeLines(
            (1...350).map { request($0, "unlinkCustomer", #"{"userId":"u\#($0)"}"#) })
        _ = try await registering.next(350)

        for (id, isCancelled) in [(1001, false), (1002, true), (1003, true)] {
            let token = #"{"_meta":{"progressToken":"token \#(id)"}}"#
            try await registering.write(request(id, "syncAllUsers", token))
            if isCancelled {
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...100)))
                try await registering.write(cancel(id))
            }
            var seen: [Int64] = []
            while true {
                let message = try await registering.next()
                if message["id"]?.int64 == Int64(id) { break }
                #expect(message["method"]?.string == "$/progress")
                #expect(message["params"]?["token"]?.string == "token \(id)")
                seen.append(message["params"]?["value"]?["users"]?.int64 ?? -1)
            }
            #expect(seen == seen.sorted())
            if !isCancelled { #expect(seen == [100, 200, 300, 350]) }
        }
        // What is still going on tells nothing any more.
        registering.closeInput()
        #expect(try await registering.readLine() == nil)
    }

    /// A Stripe that answers nothing before the gate is open.
    private func held(by gate: Gate) throws -> SlowStripe {
        try SlowStripe {
            gate.wait()
            return 0
        }
    }

    /// Ends the session and holds the database and Stripe against each other.
    private func expectConsistency(after process: Subprocess, of slow: SlowStripe? = nil) async throws {
        let slow = slow ?? stripe
        process.closeInput()
        #expect(try await process.readLine() == nil)
        #expect(try await process.wait() == .exited(0))

        let later = try slow.process(directory)
        try await later.writeLines([request(1, "listUsers", #"{"limit":100}"#), request(2, "getSyncStatus")])
        let answers = try await later.next(2)
        let users = try #require(answers.first { $0["id"]?.int64 == 1 }?["result"]?["data"]?.array)
        let status = try #require(answers.first { $0["id"]?.int64 == 2 }?["result"])
        #expect(status["pending"]?.int64 == 0 && status["intents"]?.int64 == 0, "\(status)")
        let live = try await slow.stripe.liveCustomers()
        #expect(Set(users.compactMap { $0["id"]?.string }) == Set(live.keys))
        for user in users {
            let customers = live[user["id"]?.string ?? ""] ?? []
            #expect(customers.count == 1)
            #expect(customers.first?["id"]?.string == user["customerId"]?.string)
        }
        #expect(slow.stripe.watch.violations.isEmpty)
    }
}
