import Dispatch
import JSON
import TestSupport
import Testing

/// What a client meets that speaks the protocol line by line.
@Suite("Calls of tools")
struct ToolCallTests {
    private let directory: TemporaryDirectory
    private let database: [String]

    init() throws {
        directory = try TemporaryDirectory()
        database = ["--database", directory.file("test.sqlite")]
    }

    /// A Stripe that is silent about the customer `cus_slow` until it is released.
    private struct SilentStripe {
        let stripe: FaultyStripe
        private let arrived = DispatchSemaphore(value: 0)
        private let released = DispatchSemaphore(value: 0)

        init() throws {
            stripe = try FaultyStripe()
            stripe.observe { [arrived, released] request, stage in
                guard request.customerId == "cus_slow", stage == .received else { return true }
                arrived.signal()
                released.wait()
                released.signal()
                return true
            }
        }

        func host(_ options: [String]) throws -> ToolHost {
            try ToolHost(
                ["--api-base", stripe.url, "--rate-limit", "0"] + options,
                environment: ["STRIPE_API_KEY": "sk_test_silent"])
        }

        func hasArrived() async { await onThread { arrived.wait() } }
        func release() { released.signal() }
    }

    @Test("A slow call holds up neither a ping nor other calls, but those that name the same customer")
    func concurrency() async throws {
        let stripe = try SilentStripe()
        let host = try stripe.host(database)
        try await host.sendCall(1, "getCustomer", ["customerId": "cus_slow"])
        await stripe.hasArrived()
        try await host.sendCall(2, "getCustomer", ["customerId": "cus_slow"])
        try await host.send(3, "ping")
        #expect(try await host.next()["id"]?.int64 == 3)
        for (id, tool) in [(4, "getCustomer"), (5, "registerUser"), (6, "health")] as [(Int, String)] {
            let arguments: [String: JSONValue] = [
                "getCustomer": ["customerId": "cus_other"], "registerUser": ["userId": "u1", "email": "a@example.com"],
            ]
            try await host.sendCall(.number(JSONNumber(id)), tool, arguments[tool] ?? [:])
            #expect(try await host.next()["id"]?.int64 == Int64(id))
        }
        stripe.release()
        #expect(try await host.next()["id"]?.int64 == 1)
        #expect(try await host.next()["id"]?.int64 == 2)
        try await host.end()
    }

    @Test("A tool tells its agent in words what its arguments must be, and nothing of _meta")
    func words() async throws {
        let host = try ToolHost(database)
        for (tool, arguments, words) in [
            ("registerUser", ["email": "ada @example.com"], "/email must be an email address: one @ with text on"),
            ("getCustomer", ["customerId": "../x"], "/customerId must be the id of a Stripe customer: ASCII letters"),
            ("updateUser", ["userId": "u", "metadata": ["a[]": "1"]], "must be a name without square brackets"),
        ] as [(String, JSONValue, String)] {
            let failure = try await host.call(tool, arguments).failure ?? ""
            #expect(failure.contains(words) && !failure.contains("^"), "\(failure)")
        }
        let tools = try await host.ask("tools/list")["result"]?["tools"]?.array ?? []
        #expect(!tools.isEmpty)
        for tool in tools {
            #expect(tool["inputSchema"]?["properties"]?["_meta"] == nil)
            #expect(tool["inputSchema"]?["$defs"]?["Meta"] == nil)
        }
        try await host.end()
    }

    @Test("Calls of one user are carried out in their order, however many are in flight")
    func order() async throws {
        let host = try ToolHost(database + ["--max-in-flight", "8"])
        try await host.sendCall(0, "registerUser", ["userId": "u1", "email": "ada@example.com"])
        for number in 1...100 {
            try await host.sendCall(
                .number(JSONNumber(number)), "updateUser", ["userId": "u1", "name": .string("\(number)")])
        }
        try await host.sendCall(101, "listUsers")
        for _ in 0...100 { #expect(try await host.next()["result"]?["isError"]?.bool == false) }
        let users = try await host.next()["result"]?["structuredContent"]?["data"]?.array
        #expect(users?.compactMap { $0["name"]?.string } == ["100"])
        try await host.end()
    }

    @Test("A cancelled call is not answered, and its id is free again")
    func cancellation() async throws {
        let stripe = try SilentStripe()
        let host = try stripe.host(database)
        try await host.sendCall("slow", "getCustomer", ["customerId": "cus_slow"])
        try await host.sendCall("waits", "getCustomer", ["customerId": "cus_slow"])
        await stripe.hasArrived()
        for id: JSONValue in ["slow", "waits", "unknown", 7] {
            try await host.notify("notifications/cancelled", ["requestId": id, "reason": "no longer needed"])
        }
        try await host.send("slow", "ping")
        let answer = try await host.next()
        #expect(answer["id"]?.string == "slow" && answer["result"]?.object?.isEmpty == true, "\(answer)")
        stripe.release()
        // At its end the process waits for its log for a fifth of a second only.
        try await until("the line of the log") {
            host.process.standardError.contains(
                #""method":"tools/call","tool":"getCustomer","customerId":"cus_slow","id":"slow","outcome":"request_cancelled""#
            )
        }
        try await host.end()
    }

    @Test("A cancelled call of a batch leaves no gap in the array, and none of them no array")
    func cancelledBatch() async throws {
        let stripe = try SilentStripe()
        let host = try stripe.host(database)
        let call = #""method":"tools/call","params":{"name":"getCustomer","arguments":{"customerId":"cus_slow"}}}"#
        try await host.process.write(
            #"[{"jsonrpc":"2.0","id":1,\#(call),{"jsonrpc":"2.0","id":2,"method":"ping"}]"#)
        try await host.process.write(#"[{"jsonrpc":"2.0","id":3,\#(call)]"#)
        await stripe.hasArrived()
        try await host.notify("notifications/cancelled", ["requestId": 3])
        try await host.notify("notifications/cancelled", ["requestId": 1])
        #expect(try await host.next().array?.map { $0["id"]?.int64 } == [2])
        stripe.release()
        try await host.end()
    }

    @Test(
        "Progress is told under the client's token, ever more, and to nobody who did not ask",
        arguments: ["t", 7] as [JSONValue])
    func progress(token: JSONValue) async throws {
        let host = try ToolHost(database + ["--log-level", "warning", "--max-in-flight", "256"])
        for number in 1...250 {
            let arguments: JSONValue = ["userId": .string("u\(number)"), "email": .string("u\(number)@example.com")]
            try await host.sendCall(.number(JSONNumber(number)), "registerUser", arguments)
        }
        for _ in 1...250 { _ = try await host.next() }
        for (tool, counts) in [("syncAllUsers", [100, 200, 250]), ("reconcile", [100, 200, 250, 350, 450, 500])] {
            try await host.sendCall("quiet", tool)
            #expect(try await host.next()["id"]?.string == "quiet")
            try await host.sendCall("told", tool, meta: ["progressToken": token])
            var told: [Int64] = []
            while true {
                let message = try await host.next()
                if message["id"]?.string == "told" { break }
                #expect(message["method"]?.string == "notifications/progress")
                #expect(message["params"]?["progressToken"] == token)
                #expect(message["params"]?["message"]?.string?.contains("users: ") == true)
                told.append(message["params"]?["progress"]?.int64 ?? -1)
            }
            #expect(told == counts.map(Int64.init))
        }
        try await host.end()
    }

    @Test("A request of a revision that is not spoken is answered with those that are")
    func unknownRevision() async throws {
        let host = try ToolHost(database)
        let version = "io.modelcontextprotocol/protocolVersion"
        for method in ["server/discover", "tools/list", "tools/call", "initialize"] {
            let error = try await host.ask(method, ["_meta": [version: "2031-01-01"]])["error"]
            #expect(error?["code"]?.int64 == -32022)
            #expect(error?["data"]?["requested"]?.string == "2031-01-01")
            #expect(
                error?["data"]?["supported"]?.array?.compactMap(\.string)
                    == ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"])
        }
        #expect(try await host.ask("tools/list", ["_meta": [version: 7]])["error"]?["code"]?.int64 == -32602)
        let echoed = try await host.ask("tools/list", ["_meta": [version: "ada@example.com"]])
        #expect(echoed["error"]?["data"]?["requested"]?.string == "a***@example.com")
        let discovered = try await host.ask("server/discover", ["_meta": [version: "2026-07-28"]])
        #expect(discovered["result"]?["supportedVersions"]?.array?.first?.string == "2026-07-28")
        // A notification has no answer, whatever is wrong with it.
        try await host.notify("notifications/cancelled", ["_meta": [version: "2031-01-01"], "requestId": 1])
        #expect(try await host.ask("ping")["result"]?.object?.isEmpty == true)
        try await host.end()
    }

    @Test("What is no call of a tool is an error of the protocol")
    func malformed() async throws {
        let host = try ToolHost(database)
        for params: JSONValue in [
            [:], ["name": 1], ["name": "health", "arguments": []], ["name": "getUsr"], ["name": "ping"],
            ["name": "health", "_meta": 1], ["name": "health", "_meta": ["progressToken": []]],
        ] {
            #expect(try await host.ask("tools/call", params)["error"]?["code"]?.int64 == -32602, "\(params)")
        }
        for (params, place): (JSONValue, String) in [
            ([:], "/name"), (["name": "getUsr"], "/name"), (["name": "health", "arguments": []], "/arguments"),
            (["name": "health", "arguments": ["_meta": [:]]], "/arguments"),
        ] {
            let error = try await host.ask("tools/call", params)["error"]
            #expect(error?["data"]?["violations"]?.array?.first?["instanceLocation"]?.string == place)
        }
        let unknown = try await host.ask("tools/call", ["name": "getUsr"])
        #expect(unknown.description.contains("did you mean getUser?"))
        #expect(try await host.ask("initialize")["error"]?["code"]?.int64 == -32602)
        let misspelt = try await host.ask("tools/lst")["error"]
        #expect(misspelt?["code"]?.int64 == -32601 && misspelt?["data"]?["suggestion"]?.string == "tools/list")
        // Left out, or null: no arguments.
        #expect(try await host.ask("tools/call", ["name": "health"])["result"]?["isError"]?.bool == false)
        let null = try await host.ask("tools/call", ["name": "health", "arguments": .null, "_meta": ["x/y": [1]]])
        #expect(null["result"]?["isError"]?.bool == false)
        try await host.end()
    }

    @Test("What the model can do something about is a result that says so")
    func failures() async throws {
        let host = try ToolHost(database)
        let wrong = try await host.call("registerUser", ["email": "nonsense", "nam": "Ada"])
        #expect(wrong.failure?.hasPrefix("invalid_params: ") == true)
        #expect(wrong.failure?.contains("/email") == true && wrong.failure?.contains("nam") == true)
        #expect(
            try await host.call("getCustomer", ["customerId": "cus_none"]).failure?.hasPrefix("customer_not_found: ")
                == true)
        _ = try await host.call("createCustomer", ["email": "ada@example.com"])
        let taken = try await host.call("createCustomer", ["email": "ada@example.com"])
        #expect(taken.failure?.contains(#""customerId":"cus_"#) == true)
        #expect(wrong["structuredContent"] == nil && taken["structuredContent"] == nil)
        try await host.end()

        let unreachable = try ToolHost(
            database.dropLast() + [directory.file("other.sqlite"), "--api-base", "http://127.0.0.1:9"],
            environment: ["STRIPE_API_KEY": "sk_test_x"])
        let failure = try await unreachable.call("getCustomer", ["customerId": "cus_1"]).failure
        #expect(failure?.hasPrefix("stripe_unavailable: ") == true)
        #expect(failure?.contains("may succeed later") == true)
        unreachable.process.kill(9)
    }
}
