import JSON
import JSONRPC
import Testing

@Suite("Messages from the host") struct MessageTests {
    private func message(_ line: String) throws -> Message {
        guard case .single(let message) = Incoming(line: line.utf8) else { throw NotSingle() }
        return message
    }

    private struct NotSingle: Error {}

    private func call(_ line: String) throws -> Request? {
        if case .call(let request) = try message(line) { request } else { nil }
    }

    private func invalid(_ line: String) throws -> (id: RequestID, error: ErrorObject)? {
        if case .invalid(let id, let error) = try message(line) { (id, error) } else { nil }
    }

    @Test("A request has an id, a method and params")
    func request() throws {
        let request = try #require(try call(#"{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":1}}"#))
        #expect(request.id == .number("7"))
        #expect(request.method == "ping")
        #expect(request.params == ["a": 1])
    }

    @Test("An object without an id is a notification if it is a valid request, else it is answered with a null id")
    func notification() throws {
        let request = try #require(try call(#"{"jsonrpc":"2.0","method":"ping"}"#))
        #expect(request.id == nil)
        #expect(request.params == nil)
        let (id, error) = try #require(try invalid(#"{"jsonrpc":"2.0","method":1,"params":"bar"}"#))
        #expect(id == .null)
        #expect(error.code == -32600)
    }

    @Test("A null id is an id: the request is answered")
    func nullID() throws {
        #expect(try call(#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#)?.id == .some(.null))
    }

    @Test("Null params count as left out")
    func nullParams() throws {
        let request = try #require(try call(#"{"jsonrpc":"2.0","id":1,"method":"ping","params":null}"#))
        #expect(request.params == nil)
    }

    @Test("Members that the specification doesn't name are ignored")
    func extraMembers() throws {
        let line = #"{"jsonrpc":"2.0","id":1,"method":"ping","extra":1,"Method":"other","result":2,"error":3}"#
        #expect(try call(line)?.method == "ping")
    }

    @Test(
        "A request that isn't valid is answered with its id when that is one",
        arguments: [
            (#"{"id":1,"method":"ping"}"#, .number("1"), "jsonrpc must be \"2.0\""),
            (#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, .number("1"), "jsonrpc must be \"2.0\""),
            (#"{"jsonrpc":2.0,"id":"x","method":"ping"}"#, .string("x"), "jsonrpc must be \"2.0\""),
            (#"{"jsonrpc":"2.0 ","id":"x","method":"ping"}"#, .string("x"), "jsonrpc must be \"2.0\""),
            (#"{"JSONRPC":"2.0","id":"x","method":"ping"}"#, .string("x"), "jsonrpc must be \"2.0\""),
            (#"{"jsonrpc":"2.0","id":1}"#, .number("1"), "method must be a string"),
            (#"{"jsonrpc":"2.0","id":1,"method":null}"#, .number("1"), "method must be a string"),
            (#"{"jsonrpc":"2.0","id":1,"method":["ping"]}"#, .number("1"), "method must be a string"),
            (
                #"{"jsonrpc":"2.0","id":1,"method":"p","params":1}"#, .number("1"),
                "params must be an object or an array"
            ),
            (
                #"{"jsonrpc":"2.0","id":1,"method":"p","params":""}"#, .number("1"),
                "params must be an object or an array"
            ),
            (
                #"{"jsonrpc":"2.0","id":1,"method":"p","params":false}"#, .number("1"),
                "params must be an object or an array"
            ),
            (#"{"jsonrpc":"2.0","id":true,"method":"p"}"#, .null, "id must be a string, a number or null"),
            (#"{"jsonrpc":"2.0","id":[1],"method":"p"}"#, .null, "id must be a string, a number or null"),
            (#"{"jsonrpc":"2.0","id":{},"method":"p"}"#, .null, "id must be a string, a number or null"),
            ("{}", .null, "jsonrpc must be \"2.0\""), ("1", .null, "a request must be an object"),
            ("\"ping\"", .null, "a request must be an object"), ("null", .null, "a request must be an object"),
        ] as [(String, RequestID, String)])
    func invalidRequests(line: String, expectedID: RequestID, reason: String) throws {
        let (id, error) = try #require(try invalid(line))
        #expect(id == expectedID)
        #expect(error.code == -32600)
        #expect(error.message == "Invalid Request")
        #expect(error.data == ["type": "invalid_request", "retryable": false, "reason": .string(reason)])
    }

    @Test(
        "A response is dropped, whatever else it has",
        arguments: [
            #"{"jsonrpc":"2.0","id":1,"result":null}"#, #"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#,
            #"{"result":false,"trace":[1],"id":"a","jsonrpc":"2.0"}"#,
        ])
    func responses(line: String) throws {
        guard case .response = try message(line) else { return #expect(Bool(false)) }
    }

    @Test(
        "What only resembles a response is no request, and hears so",
        arguments: [
            #"{"result":1}"#, #"{"id":1,"result":1}"#, #"{"jsonrpc":"2.0","result":1}"#,
            #"{"jsonrpc":"2.0","id":{},"result":1}"#, #"{"jsonrpc":"2.0","id":1,"error":1}"#,
            #"{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}"#, #"{"jsonrpc":"2.0","id":1}"#,
        ])
    func halfResponses(line: String) throws {
        #expect(try #require(try invalid(line)).error.code == -32600)
    }

    // MARK: Ids

    @Test(
        "An id comes back exactly as it was written",
        arguments: [
            "1", "1.0", "1e2", "-0", "123456789012345678901234567890", "\"1\"", "\"\"", "null", "0.5", "1E400", "\"é\"",
            "\"e\u{301}\"",
        ])
    func echo(id: String) throws {
        let request = try #require(try call("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"ping\"}"))
        let answer = Response.result(try #require(request.id), [:])
        #expect(answer == Array("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":{}}".utf8))
    }

    @Test("Ids are told apart by kind, spelling and code points")
    func distinctIDs() {
        let ids: [RequestID] = [
            .number("1"), .number("1.0"), .number("10e-1"), .string("1"), .string("1.0"), .null, .string("null"),
            .string(""),
            .string("\u{E9}"), .string("e\u{301}"),
        ]
        #expect(Set(ids).count == ids.count)
        #expect(Set(ids + ids).count == ids.count)
        #expect(RequestID(true) == nil)
        #expect(RequestID([]) == nil)
        #expect(RequestID([:]) == nil)
    }

    @Test("An id of 4 KiB is accepted, a longer one refused with the limit", arguments: ["\"", ""])
    func longIDs(quote: String) throws {
        func line(_ length: Int) -> String {
            let id = quote + String(repeating: "1", count: length) + quote
            return "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"ping\"}"
        }
        #expect(try call(line(4096)) != nil)
        let (id, error) = try #require(try invalid(line(4097)))
        #expect(id == .null)
        #expect(error.code == -32600)
        #expect(error.data["limit"] == 4096)
    }

    // MARK: Batches

    @Test("A batch keeps its messages in order, also the invalid ones")
    func batch() throws {
        let line =
            #"[{"jsonrpc":"2.0","id":1,"method":"a"},5,{"jsonrpc":"2.0","method":"b"},"#
            + #"{"jsonrpc":"2.0","result":1,"id":1},[]]"#
        guard case .batch(let messages) = Incoming(line: line.utf8) else { return #expect(Bool(false)) }
        let kinds = messages.map { message in
            switch message {
            case .call(let request): request.method
            case .invalid: "invalid"
            case .response: "response"
            }
        }
        #expect(kinds == ["a", "invalid", "b", "response", "invalid"])
    }

    @Test("An empty batch is one invalid request")
    func emptyBatch() throws {
        let (id, error) = try #require(try invalid("[]"))
        #expect(id == .null)
        #expect(error.code == -32600)
    }

    @Test("A batch of 10,000 is accepted, a longer one answered once with the limit")
    func longBatch() throws {
        func line(_ count: Int) -> String { "[" + Array(repeating: "1", count: count).joined(separator: ",") + "]" }
        guard case .batch(let messages) = Incoming(line: line(10_000).utf8) else { return #expect(Bool(false)) }
        #expect(messages.count == 10_000)
        let (id, error) = try #require(try invalid(line(10_001)))
        #expect(id == .null)
        #expect(error.code == -32600)
        #expect(error.data["limit"] == 10_000)
    }

    @Test("A line that isn't JSON is a parse error with the byte and the reason")
    func parseError() throws {
        let (id, error) = try #require(try invalid(#"{"jsonrpc":"2.0",}"#))
        #expect(id == .null)
        #expect(error.code == -32700)
        #expect(error.message == "Parse error")
        #expect(
            error.data == ["type": "parse_error", "retryable": false, "offset": 17, "reason": "expected a member name"])
    }
}
