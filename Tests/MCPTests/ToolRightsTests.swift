import JSON
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Which tools there are, and for whom.
@Suite("Rights of agents")
struct ToolRightsTests {
    private static let destructive: [(String, JSONValue)] = [
        ("deleteCustomer", ["customerId": "CUSTOMER"]), ("deleteUser", ["userId": "ada"]),
        ("eraseUser", ["userId": "ada"]),
    ]
    private let directory: TemporaryDirectory
    private let database: [String]

    init() throws {
        directory = try TemporaryDirectory()
        database = ["--database", directory.file("test.sqlite")]
    }

    private func names(_ host: ToolHost) async throws -> [String: JSONValue] {
        let tools = try await host.ask("tools/list")["result"]?["tools"]?.array ?? []
        return Dictionary(uniqueKeysWithValues: tools.map { ($0["name"]?.string ?? "", $0) })
    }

    @Test("Tools that destroy are neither listed nor carried out without --allow-destructive")
    func destructive() async throws {
        let host = try ToolHost(database)
        let tools = try await names(host)
        #expect(tools.count > 20)
        #expect(tools.values.allSatisfy { $0["annotations"]?["destructiveHint"]?.bool == false })
        let registered = try await host.call("registerUser", ["userId": "ada", "email": "ada@example.com"])
        let customer = try #require(registered["structuredContent"]?["customerId"]?.string)
        for (tool, arguments) in Self.destructive {
            #expect(tools[tool] == nil)
            let whole = arguments.description.replacing("CUSTOMER", with: customer)
            let failure = try await host.call(tool, try JSONValue(parsing: Array(whole.utf8))).failure
            #expect(failure?.contains("--allow-destructive") == true)
        }
        #expect(
            try await host.call("getUser", ["userId": "ada"])["structuredContent"]?["result"]?["id"]?.string == "ada")
        let kept = try await host.call("getCustomer", ["customerId": .string(customer)])
        #expect(kept["structuredContent"]?["id"]?.string == customer)
        // The methods of the other dialect are none of this one.
        #expect(try await host.ask("deleteUser", ["userId": "ada"])["error"]?["code"]?.int64 == -32601)
        try await host.end()

        let allowed = try ToolHost(database + ["--allow-destructive"])
        let all = try await names(allowed)
        for (tool, _) in Self.destructive { #expect(all[tool]?["annotations"]?["destructiveHint"]?.bool == true) }
        let deleted = try await allowed.call("deleteUser", ["userId": "ada", "customer": "delete"])
        #expect(deleted["isError"]?.bool == false)
        #expect(try await allowed.call("getUser", ["userId": "ada"])["structuredContent"]?["result"] == .some(.null))
        try await allowed.end()
    }

    /// The client names the actor in `_meta` of each call, as a host does in `params._meta`.
    @Test("The policy holds for tools, and its refusals are results for the model and events of the audit log")
    func policy() async throws {
        let file = directory.file("policy.json")
        try write(
            """
            {"roles": {"admin": {"methods": ["*"]},
                       "support": {"methods": ["getUser", "listUsers"], "scope": "all"},
                       "customer": {"methods": ["getUser", "updateUser", "updateCustomer"], "scope": "self"}}}
            """, to: file)
        let host = try ToolHost(database + ["--policy", file, "--allow-destructive"])
        let actor = { (id: String, role: String) -> JSONValue in ["actor": ["id": .string(id), "role": .string(role)]] }
        for user in ["ada", "bob"] {
            let arguments: JSONValue = ["userId": .string(user), "email": .string("\(user)@example.com")]
            #expect(try await host.call("registerUser", arguments, meta: actor("boss", "admin")).failure == nil)
        }
        let ada: JSONValue = ["userId": "ada"]
        #expect(try await host.call("health").failure == nil)
        let refused: [(String, JSONValue, JSONValue?, String)] = [
            ("getUser", ada, nil, "actor"), ("listUsers", [:], [:], "actor"),
            ("getUser", ada, actor("x", "guest"), "role"),
            ("updateUser", ["userId": "ada", "name": "X"], actor("sue", "support"), "may not call updateUser"),
            ("deleteUser", ada, actor("ada", "customer"), "may not call deleteUser"),
            ("getUser", ["userId": "bob"], actor("ada", "customer"), "itself only"),
            ("updateCustomer", ["customerId": "cus_1", "balance": -1], actor("ada", "customer"), "balance"),
            ("updateUser", ["userId": "ada", "metadata": ["plan": "pro"]], actor("ada", "customer"), "metadata"),
        ]
        for (tool, arguments, meta, words) in refused {
            let failure = try await host.call(tool, arguments, meta: meta).failure
            #expect(failure?.hasPrefix("access_denied: ") == true && failure?.contains(words) == true, "\(tool)")
        }
        #expect(try await host.call("listUsers", meta: actor("sue", "support")).failure == nil)
        #expect(try await host.call("getUser", ada, meta: actor("ada", "customer")).failure == nil)
        let half = try await host.ask(
            "tools/call", ["name": "getUser", "arguments": ada, "_meta": ["actor": ["id": "ada"]]])
        #expect(half["error"]?["code"]?.int64 == -32602)

        let events = try await host.call("listAuditEvents", ["limit": 100], meta: actor("boss", "admin"))[
            "structuredContent"]
        let denied = events?["data"]?.array?.filter { $0["outcome"]?.string == "access_denied" } ?? []
        #expect(denied.compactMap { $0["method"]?.string } == refused.map(\.0))
        try await host.end()
    }

    private func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        fwrite(text, 1, text.utf8.count, file)
        fclose(file)
    }
}
