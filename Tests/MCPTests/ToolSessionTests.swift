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

/// The Python of `.build/venv`, which has the package `mcp` (see `.ci/setup`).
private let python: String? = {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let path = root + "/.build/venv/bin/python3"
    return access(path, X_OK) == 0 ? path : nil
}()

private let script =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    + "/session.py"

@Suite("The tools for agents", .serialized)
struct ToolSessionTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(
        "The official client lists the tools and calls them, in every revision that it speaks",
        .enabled(if: python != nil, "needs the package mcp in .build/venv"), arguments: [[], ["--allow-destructive"]])
    func officialClient(options: [String]) async throws {
        let output = try await Subprocess.run(
            [script, Subprocess.binary] + options, currentDirectory: directory.path, binary: #require(python),
            timeout: .seconds(600))
        #expect(output.status == .exited(0), "\(output.standardError)")
        #expect(
            output.lines == [
                "auto: 2026-07-28", "2024-11-05: 2024-11-05", "2025-03-26: 2025-03-26", "2025-06-18: 2025-06-18",
                "2025-11-25: 2025-11-25", "2026-07-28: 2026-07-28",
            ])
    }

    @Test(
        "A client of an older revision gets the revision that it asks for, another one the newest",
        arguments: [
            ("2024-11-05", "2024-11-05"), ("2025-03-26", "2025-03-26"), ("2025-06-18", "2025-06-18"),
            ("2025-11-25", "2025-11-25"), ("2031-01-01", "2025-11-25"),
        ])
    func handshake(asked: String, given: String) async throws {
        let initialize = """
            {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"\(asked)","capabilities":{},\
            "clientInfo":{"name":"test","version":"1"}}}
            """
        let output = try await Subprocess.run(
            ["mcp", "--sandbox", "--database", ":memory:"],
            input: [
                initialize, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
                #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
                #"{"jsonrpc":"2.0","id":2,"method":"resources/list"}"#,
            ].joined(separator: "\n"))
        let answers = try output.lines.map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(answers.count == 3)
        let byID = { (id: Int64) in answers.first { $0["id"]?.int64 == id } }
        #expect(byID(0)?["result"]?["protocolVersion"]?.string == given)
        #expect(byID(0)?["result"]?["serverInfo"]?["name"]?.string == "stripe-customers")
        #expect(byID(1)?["result"]?.object?.isEmpty == true)
        #expect(byID(2)?["error"]?["code"]?.int64 == -32601)
        #expect(output.status == .exited(0))
    }
}
