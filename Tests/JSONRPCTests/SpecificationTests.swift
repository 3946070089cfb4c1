import JSON
import JSONRPC
import Testing

/// Every example of the specification's section 7 (https://www.jsonrpc.org/specification#examples), on its own methods.
@Suite("Examples of the JSON-RPC 2.0 specification") struct SpecificationTests {
    static let examples: [(name: String, request: String, answer: String?)] = [
        (
            "positional params 1", #"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#,
            #"{"jsonrpc": "2.0", "result": 19, "id": 1}"#
        ),
        (
            "positional params 2", #"{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}"#,
            #"{"jsonrpc": "2.0", "result": -19, "id": 2}"#
        ),
        (
            "named params 1",
            #"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
            #"{"jsonrpc": "2.0", "result": 19, "id": 3}"#
        ),
        (
            "named params 2",
            #"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#,
            #"{"jsonrpc": "2.0", "result": 19, "id": 4}"#
        ),
        ("notification with params", #"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#, nil),
        ("notification of an unknown method", #"{"jsonrpc": "2.0", "method": "foobar"}"#, nil),
        (
            "call of a non-existent method", #"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#,
            #"{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}"#
        ),
        (
            "invalid JSON", #"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#,
            #"{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}"#
        ),
        (
            "invalid request object", #"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#,
            #"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}"#
        ),
        (
            "batch, invalid JSON",
            #"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]"#,
            #"{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}"#
        ),
        (
            "empty array", "[]",
            #"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}"#
        ),
        (
            "invalid batch, not empty", "[1]",
            #"[{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}]"#
        ),
        (
            "invalid batch", "[1,2,3]",
            #"[{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},"#
                + #"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},"#
                + #"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}]"#
        ),
        (
            "batch",
            #"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},"#
                + #"{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},"#
                + #"{"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},"#
                + #"{"foo": "boo"},"#
                + #"{"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},"#
                + #"{"jsonrpc": "2.0", "method": "get_data", "id": "9"}]"#,
            #"[{"jsonrpc": "2.0", "result": 7, "id": "1"},"#
                + #"{"jsonrpc": "2.0", "result": 19, "id": "2"},"#
                + #"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},"#
                + #"{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "5"},"#
                + #"{"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}]"#
        ),
        (
            "batch, all notifications",
            #"[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},"#
                + #"{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]"#,
            nil
        ),
    ]

    @Test("An example is answered as the specification shows", arguments: examples)
    func example(name: String, request: String, answer: String?) throws {
        let given = try answerLine(to: request).map { withoutErrorData(try JSONValue(parsing: $0)) }
        let expected = try answer.map { try JSONValue(parsing: $0.utf8) }
        #expect(given == expected, "\(name)")
    }

    // MARK: The specification's server

    private func answerLine(to line: String) -> [UInt8]? {
        switch Incoming(line: line.utf8) {
        case .single(let message): answer(to: message)
        case .batch(let messages): Response.batch(messages.compactMap(answer))
        }
    }

    private func answer(to message: Message) -> [UInt8]? {
        switch message {
        case .response: return nil
        case .invalid(let id, let error): return Response.error(id, error)
        case .call(let request):
            guard let id = request.id else { return nil }
            guard let result = result(of: request) else { return Response.error(id, .methodNotFound(request.method)) }
            return Response.result(id, result)
        }
    }

    private func result(of request: Request) -> JSONValue? {
        let numbers = request.params?.array?.compactMap(\.int64) ?? []
        switch request.method {
        case "sum": return .number(JSONNumber(numbers.reduce(0, +)))
        case "subtract":
            let minuend = request.params?["minuend"]?.int64 ?? numbers[0]
            let subtrahend = request.params?["subtrahend"]?.int64 ?? numbers[1]
            return .number(JSONNumber(minuend - subtrahend))
        case "get_data": return ["hello", 5]
        case "update", "notify_hello", "notify_sum": return .null
        default: return nil
        }
    }

    /// The specification's answers have no `error.data`; ours always do.
    private func withoutErrorData(_ answer: JSONValue) -> JSONValue {
        if let answers = answer.array { return .array(answers.map(withoutErrorData)) }
        guard var object = answer.object, var error = object["error"]?.object else { return answer }
        #expect(error["data"]?["type"]?.string != nil)
        #expect(error["data"]?["retryable"] == false)
        error["data"] = nil
        object["error"] = .object(error)
        return .object(object)
    }
}
