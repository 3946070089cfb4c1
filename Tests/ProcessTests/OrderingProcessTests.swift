import Glibc
import JSON
import TestSupport
import Testing

@Suite("The order of calls, on the real process")
struct OrderingProcessTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("Calls that share no key overlap fully: fifty are at Stripe at one time")
    func overlap() async throws {
        let gate = Gate()
        let stripe = try SlowStripe {
            gate.wait()
            return 0
        }
        let process = try stripe.process(directory)
        try await process.writeLines((1...50).map { request($0, "getCustomer", #"{"customerId":"cus_none\#($0)"}"#) })
        try await until("fifty requests at once") { stripe.mostAtOnce == 50 }
        gate.open()
        let answers = try await process.next(50)
        #expect(Set(answers.compactMap { $0["id"]?.int64 }) == Set(1...50))
        #expect(answers.allSatisfy { $0["error"]?["data"]?["type"]?.string == "customer_not_found" })
    }

    @Test("Changes of one customer reach Stripe in order, one at a time, and a later read sees the last")
    func sameCustomer() async throws {
        let stripe = try SlowStripe { UInt32.random(in: 0...10_000) }
        let process = try stripe.process(directory)
        try await process.write(request(0, "createCustomer", #"{"email":"ada@example.com"}"#))
        let id = try #require(try await process.next()["result"]?["id"]?.string)

        try await process.writeLines(
            (1...20).map { request($0, "updateCustomer", #"{"customerId":"\#(id)","name":"name \#($0)"}"#) }
                + [request(21, "getCustomer", #"{"customerId":"\#(id)"}"#)])
        let answers = try await process.next(21)
        #expect(answers.compactMap { $0["id"]?.int64 } == Array(1...21))
        #expect(answers.last?["result"]?["name"]?.string == "name 20")
        let sent = stripe.requests.filter { $0.route == .update }
        #expect(sent.compactMap { $0.form["name"] } == (1...20).map { "name \($0)" })
        #expect(stripe.stripe.watch.violations.isEmpty)
    }

    @Test("A list sees every user registered before it, here and at Stripe, and later calls don't wait for it")
    func listAfterRegister() async throws {
        let stripe = try SlowStripe { UInt32.random(in: 0...20_000) }
        // One of the twenty is kept waiting until the last call has been answered, so that the lists have to wait for it:
        // for the call that needs its customer, since a registration is answered without one after a while.
        let gate = Gate()
        stripe.hold("u20", gate)
        let process = try stripe.process(directory)
        try await process.writeLines(
            (1...20).map { request($0, "registerUser", #"{"userId":"u\#($0)","email":"u\#($0)@example.com"}"#) }
                + (1...20).map { request($0 + 100, "ensureCustomerExists", #"{"userId":"u\#($0)"}"#) }
                + [
                    request(21, "listUsers", #"{"limit":100,"linked":true}"#),
                    request(22, "listCustomers", #"{"limit":100}"#), request(23, "getUser", #"{"userId":"u1"}"#),
                ])
        var answers: [JSONValue] = []
        // Only `u1` is waited for, not the nineteen others, let alone the lists.
        repeat { answers.append(try await process.next()) } while answers.last?["id"]?.int64 != 23
        #expect(answers.allSatisfy { ($0["id"]?.int64 ?? 0) != 21 && ($0["id"]?.int64 ?? 0) != 22 })
        gate.open()
        answers += try await process.next(43 - answers.count)
        let lists = answers.filter { $0["id"]?.int64 == 21 || $0["id"]?.int64 == 22 }
        #expect(lists.map { $0["result"]?["data"]?.array?.count } == [20, 20])
    }

    @Test(
        "A script piped in line by line behaves as it reads", arguments: [[], ["--ordered"], ["--max-in-flight", "1"]])
    func script(arguments: [String]) async throws {
        var lines: [String] = []
        for user in 1...10 {
            let key = #""userId":"u\#(user)""#
            lines += [
                request(user * 10, "getUser", "{\(key)}"),
                request(user * 10 + 1, "registerUser", #"{\#(key),"email":"u\#(user)@example.com"}"#),
                request(user * 10 + 2, "getUser", "{\(key)}"),
                request(user * 10 + 3, "updateUser", #"{\#(key),"name":"Ada \#(user)"}"#),
                request(user * 10 + 4, "getUser", "{\(key)}"),
                request(user * 10 + 5, "deleteUser", #"{\#(key),"customer":"delete"}"#),
                request(user * 10 + 6, "getUserByEmail", #"{"email":"u\#(user)@example.com","_meta":{}}"#),
                request(user * 10 + 7, "getUser", "{\(key)}"),
            ]
        }
        let output = try await Subprocess.run(
            ["--sandbox", "--database", directory.file("test.sqlite")] + arguments,
            input: lines.joined(separator: "\n"))
        var results: [Int64: JSONValue] = [:]
        for line in output.lines {
            let answer = try JSONValue(parsing: Array(line.utf8))
            results[try #require(answer["id"]?.int64)] = answer["result"]
        }
        #expect(output.lines.count == lines.count && results.count == lines.count)
        for user in Int64(1)...10 {
            #expect(results[user * 10]?.isNull == true)
            #expect(results[user * 10 + 2]?["email"]?.string == "u\(user)@example.com")
            #expect(results[user * 10 + 2]?["name"]?.string == nil)
            #expect(results[user * 10 + 4]?["name"]?.string == "Ada \(user)")
            #expect(results[user * 10 + 7]?.isNull == true)
        }
    }
}
