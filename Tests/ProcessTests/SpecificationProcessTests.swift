import JSON
import TestSupport
import Testing

/// The examples of the specification's section 7 (https://www.jsonrpc.org/specification#examples), asked of the process.
///
/// It has no `sum` and `subtract`, and takes params by name: `ping` stands for what succeeds, and a call by position is
/// refused. Where the example calls what does not exist, is no request or no JSON, it is word for word.
@Suite("The specification's examples, on the real process")
struct SpecificationProcessTests {
    private static let examples: [(name: String, line: String, answer: String?)] = [
        (
            "positional params 1", #"{"jsonrpc": "2.0", "method": "getUser", "params": [42, 23], "id": 1}"#,
            #"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Invalid params"}}"#
        ),
        (
            "positional params 2", #"{"jsonrpc": "2.0", "method": "getUser", "params": [23, 42], "id": 2}"#,
            #"{"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"Invalid params"}}"#
        ),
        (
            "named params 1",
            #"{"jsonrpc": "2.0", "method": "listUsers", "params": {"limit": 23, "linked": false}, "id": 3}"#,
            #"{"jsonrpc":"2.0","id":3,"result":{"data":[],"hasMore":false}}"#
        ),
        (
            "named params 2",
            #"{"jsonrpc": "2.0", "method": "listUsers", "params": {"linked": false, "limit": 23}, "id": 4}"#,
            #"{"jsonrpc":"2.0","id":4,"result":{"data":[],"hasMore":false}}"#
        ),
        ("a notification with params", #"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#, nil),
        ("a notification of an unknown method", #"{"jsonrpc": "2.0", "method": "foobar"}"#, nil),
        (
            "a call of a method that does not exist", #"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#,
            #"{"jsonrpc":"2.0","id":"1","error":{"code":-32601,"message":"Method not found"}}"#
        ),
        (
            "a call with invalid JSON", #"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#,
            #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#
        ),
        (
            "a call with an invalid Request object", #"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#,
            #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}}"#
        ),
        (
            "a batch with invalid JSON",
            #"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]"#,
            #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#
        ),
        (
            "an empty array", "[]",
            #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}}"#
        ),
        (
            "an invalid batch that is not empty", "[1]",
            #"[{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}}]"#
        ),
        (
            "an invalid batch", "[1,2,3]",
            """
            [{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}},\
            {"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}},\
            {"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}}]
            """
        ),
        (
            // Its first id is "1" in the specification, which here may still be in flight from the example with "foobar".
            "a batch",
            """
            [{"jsonrpc": "2.0", "method": "ping", "id": "11"}, \
            {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}, \
            {"jsonrpc": "2.0", "method": "getUser", "params": {"userId": "42"}, "id": "2"}, {"foo": "boo"}, \
            {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"}, \
            {"jsonrpc": "2.0", "method": "ping", "id": "9"}]
            """,
            """
            [{"jsonrpc":"2.0","id":"11","result":{}},{"jsonrpc":"2.0","id":"2","result":null},\
            {"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}},\
            {"jsonrpc":"2.0","id":"5","error":{"code":-32601,"message":"Method not found"}},\
            {"jsonrpc":"2.0","id":"9","result":{}}]
            """
        ),
        (
            "a batch of notifications",
            """
            [{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]}, \
            {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]
            """, nil
        ),
    ]

    @Test("All fifteen are answered as the specification has them", arguments: Delivery.allCases)
    func examples(delivery: Delivery) async throws {
        let lines = Self.examples.map { Array($0.line.utf8) }
        let answers = try await delivery.answers(to: lines, ["--sandbox", "--database", ":memory:"])
        let expected = Self.examples.filter { $0.answer != nil }
        #expect(answers.count == expected.count)
        for (answer, example) in zip(answers, expected) {
            #expect(
                String(decoding: answer.withoutErrorData.serialized(), as: UTF8.self) == example.answer,
                "\(example.name)")
        }
    }
}
