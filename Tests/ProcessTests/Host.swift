import JSON
import TestSupport
import Testing

/// A host in a test: sends requests to a process one by one and reads the answers.
final class Host: Sendable {
    let process: Subprocess

    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        process = try Subprocess(["--ordered"] + arguments, environment: environment)
    }

    /// The whole answer.
    func send(_ method: String, _ params: JSONValue = [:], as actor: JSONValue? = nil) async throws -> JSONValue {
        var params = params.object ?? [:]
        if let actor { params["_meta"] = ["actor": actor] }
        let request: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .object(params)]
        try await process.write(request.description)
        let line = try #require(try await process.readLine())
        return try JSONValue(parsing: Array(line.utf8))
    }

    /// The result; a failure of the test when there is none.
    func call(_ method: String, _ params: JSONValue = [:], as actor: JSONValue? = nil) async throws -> JSONValue {
        let answer = try await send(method, params, as: actor)
        return try #require(answer["result"], "\(answer)")
    }

    /// `error.data.type`.
    func failure(_ method: String, _ params: JSONValue = [:], as actor: JSONValue? = nil) async throws -> String? {
        try await send(method, params, as: actor)["error"]?["data"]?["type"]?.string
    }

    func end() async throws {
        process.closeInput()
        // What is queued is carried out first.
        #expect(try await process.wait() == .exited(0))
    }
}
