import JSON
import TestSupport
import Testing

/// Lines that hosts and their libraries are known to send, and what many servers do wrong with them.
@Suite("Lines on the wire of the real process")
struct WireProcessTests {
    /// `code` of the error, or `nil` for the result `{}`; `id` as it is answered.
    private static let cases: [(name: String, line: [UInt8], id: String, code: Int64?)] = [
        // What a strict reader refuses, though most decoders let it through in a member that they don't read.
        refused("bytes that are not UTF-8", unread([0x22, 0xC0, 0x80, 0x22])),
        refused("an encoded surrogate", unread([0x22, 0xED, 0xA0, 0x80, 0x22])),
        refused("a raw control character", unread([0x22, 0x01, 0x22])),
        refused("a bad escape", unread(#""\x""#)),
        refused("a lone surrogate", unread(#""\ud83d""#)),
        refused("a leading zero", unread("01")),
        refused("a fraction without digits", unread("1.e3")),
        refused("a trailing comma", unread("[1,]")),
        refused("a repeated name", unread(#"{"a":1,"a":2}"#)),
        refused("a name repeated with an escape", unread(#"{"a":1,"\u0061":2}"#)),
        refused("a repeated id", #"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#),
        refused("text after the value", #"{"jsonrpc":"2.0","id":1,"method":"ping"} {}"#),
        refused(
            "a value too deep by one", unread(String(repeating: "[", count: 128) + String(repeating: "]", count: 128))),
        refused("a second byte order mark", "\u{FEFF}" + ping("1")),
        refused("a header of the other framing", "Content-Length: 40"),
        refused("an answer cut short", #"{"jsonrpc":"2.0","id":1,"method":"pi"#),
        refused("UTF-16", Array(ping("1").utf8).flatMap { [$0, 0] }),
        // What is JSON but no request.
        ("another version", Array(#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#.utf8), "1", -32600),
        ("no version", Array(#"{"id":1,"method":"ping"}"#.utf8), "1", -32600),
        ("a name in another case", Array(#"{"JSONRPC":"2.0","id":1,"method":"ping"}"#.utf8), "1", -32600),
        ("an object as id", Array(ping("{}").utf8), "null", -32600),
        ("true as id", Array(ping("true").utf8), "null", -32600),
        ("an id of 4097 bytes", Array(ping("\"" + String(repeating: "x", count: 4097) + "\"").utf8), "null", -32600),
        ("a string as params", Array(#"{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}"#.utf8), "1", -32600),
        (
            "a method that canonically equals one", Array(#"{"jsonrpc":"2.0","id":1,"method":"ping\u0301"}"#.utf8), "1",
            -32601
        ),
        ("a method in another case", Array(#"{"jsonrpc":"2.0","id":1,"method":"Ping"}"#.utf8), "1", -32601),
        ("an unknown param", Array(#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1}}"#.utf8), "1", -32602),
        // What is a request, however odd.
        answered("nothing but what is needed", ping("1"), "1"),
        answered(
            "a number beyond every type", ping("123456789012345678901234567890"), "123456789012345678901234567890"),
        answered("a number as it was written", ping("1.0E+2"), "1.0E+2"),
        answered("minus zero", ping("-0"), "-0"),
        answered("a string of digits", ping("\"1\""), "\"1\""),
        answered("an empty string as id", ping("\"\""), "\"\""),
        answered("null as id", ping("null"), "null"),
        answered("an id of 4096 bytes", ping("\"" + String(repeating: "x", count: 4096) + "\""), nil),
        answered("what Unicode takes for line ends", ping("\"\u{2028}\u{2029}\u{85}\""), #""\u2028\u2029\u0085""#),
        answered("an escaped line end", ping(#""a\nb""#), #""a\nb""#),
        answered("a character of four bytes", ping("\"😀\""), "\"😀\""),
        answered("null as params", #"{"jsonrpc":"2.0","id":1,"method":"ping","params":null}"#, "1"),
        answered("a huge number unread", unread("1e400"), "1"),
        answered("names that only canonically equal each other", unread("{\"\u{e9}\":1,\"e\u{301}\":2}"), "1"),
        answered(
            "the deepest value", unread(String(repeating: "[", count: 127) + String(repeating: "]", count: 127)), "1"),
        answered("white space around", " \t" + ping("1") + " \t", "1"),
    ]

    @Test("Each line gets its answer and the next one is served", arguments: Delivery.allCases)
    func lines(delivery: Delivery) async throws {
        // Blank lines and answers of the host get none; the first line may have a byte order mark.
        let ignored: [[UInt8]] = [
            [], Array(" \t".utf8), Array(#"{"jsonrpc":"2.0","id":1,"result":{}}"#.utf8),
            Array(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#.utf8),
        ]
        // An id of its own for each, because one in flight can't be used again.
        let cases = Self.cases.enumerated().map { number, example in
            guard example.id == "1" else { return example }
            let id = String(1000 + number)
            let line = example.line.replacing(Array("\"id\":1,".utf8), with: Array("\"id\":\(id),".utf8))
            return (example.name, line, id, example.code)
        }
        let lines = [[0xEF, 0xBB, 0xBF] + Array(Self.ping("0").utf8)] + cases.flatMap { [$0.line] + ignored }
        let answers = try await delivery.answers(to: lines, ["--sandbox", "--database", ":memory:"])
        try #require(answers.count == cases.count + 1)
        #expect(answers[0]["id"]?.int64 == 0 && answers[0]["result"] != nil)
        for (answer, example) in zip(answers.dropFirst(), cases) {
            #expect(answer["error"]?["code"]?.int64 == example.code, "\(example.name)")
            #expect(text(answer["id"]) == example.id, "\(example.name)")
        }
    }

    @Test("`describe` prints what `rpc.discover` answers")
    func description() async throws {
        let printed = try await Subprocess.run(["describe"]).lines.joined()
        let line = #"{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}"#
        let answer = try await Subprocess.run(["--sandbox", "--database", ":memory:"], input: line).lines.joined()
        #expect(try JSONValue(parsing: Array(printed.utf8)) == JSONValue(parsing: Array(answer.utf8))["result"])
    }

    private static func ping(_ id: String) -> String { #"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"# }

    /// A ping with a member that nothing reads.
    private static func unread(_ value: [UInt8]) -> [UInt8] {
        Array(#"{"jsonrpc":"2.0","id":1,"method":"ping","x":"#.utf8) + value + Array("}".utf8)
    }
    private static func unread(_ value: String) -> [UInt8] { unread(Array(value.utf8)) }

    private static func refused(_ name: String, _ line: [UInt8]) -> (String, [UInt8], String, Int64?) {
        (name, line, "null", -32700)
    }
    private static func refused(_ name: String, _ line: String) -> (String, [UInt8], String, Int64?) {
        refused(name, Array(line.utf8))
    }

    /// - Parameter id: as it comes back; `nil` for `x` times 4096.
    private static func answered(_ name: String, _ line: [UInt8], _ id: String?) -> (String, [UInt8], String, Int64?) {
        (name, line, id ?? "\"" + String(repeating: "x", count: 4096) + "\"", nil)
    }
    private static func answered(_ name: String, _ line: String, _ id: String?) -> (String, [UInt8], String, Int64?) {
        answered(name, Array(line.utf8), id)
    }

    private func text(_ value: JSONValue?) -> String {
        value.map { String(decoding: $0.serialized(), as: UTF8.self) } ?? "none"
    }
}
