import JSON
import TestSupport
import Testing

/// A client in a test that speaks the protocol line by line.
final class ToolHost: Sendable {
    let process: Subprocess

    /// In the sandbox unless the environment has a key.
    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        process = try Subprocess(
            ["mcp"] + (environment.isEmpty ? ["--sandbox"] : []) + arguments, environment: environment)
    }

    func send(_ id: JSONValue, _ method: String, _ params: JSONValue = [:]) async throws {
        let request: JSONValue = ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": params]
        try await process.write(request.description)
    }

    func notify(_ method: String, _ params: JSONValue = [:]) async throws {
        let notification: JSONValue = ["jsonrpc": "2.0", "method": .string(method), "params": params]
        try await process.write(notification.description)
    }

    func sendCall(_ id: JSONValue, _ tool: String, _ arguments: JSONValue = [:], meta: JSONValue? = nil) async throws {
        var params: JSONObject = ["name": .string(tool), "arguments": arguments]
        params["_meta"] = meta
        try await send(id, "tools/call", .object(params))
    }

    func next() async throws -> JSONValue {
        let line = try #require(try await process.readLine(), "the output ended")
        return try JSONValue(parsing: Array(line.utf8))
    }

    /// The whole answer.
    func ask(_ method: String, _ params: JSONValue = [:]) async throws -> JSONValue {
        try await send("ask", method, params)
        return try await next()
    }

    /// The result of a tool.
    func call(_ tool: String, _ arguments: JSONValue = [:], meta: JSONValue? = nil) async throws -> JSONValue {
        try await sendCall("call", tool, arguments, meta: meta)
        let answer = try await next()
        return try #require(answer["result"], "\(answer)")
    }

    func end() async throws {
        process.closeInput()
        #expect(try await process.readLine() == nil)
        #expect(try await process.wait() == .exited(0))
    }
}

extension JSONValue {
    /// The text of a tool's result, if it is one of a failure.
    var failure: String? { self["isError"]?.bool == true ? self["content"]?.array?.first?["text"]?.string : nil }
}
