import JSON
import Testing

@Suite("JSON equality") struct JSONEqualityTests {
    private static func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: text.utf8) }

    @Test(
        "Equal values are equal and hash alike",
        arguments: [
            ("1", "1.0"), ("1", "1e0"), ("-0", "0"), ("[1,2.0]", "[1.00,2]"),
            (#"{"a":1,"b":[2]}"#, #"{"b":[2.0],"a":1}"#),
            (#""\u0061""#, #""a""#), ("null", " null "), ("{}", "{ }"),
            (#"{"a":{"x":1,"y":2}}"#, #"{"a":{"y":2,"x":1}}"#),
        ])
    func equal(a: String, b: String) throws {
        #expect(try Self.parse(a) == Self.parse(b))
        #expect(try Self.parse(a).hashValue == Self.parse(b).hashValue)
    }

    @Test(
        "Different values differ",
        arguments: [
            ("1", "true"), ("0", "false"), ("0", "null"), ("false", "null"), ("\"1\"", "1"), ("\"\"", "null"),
            ("[]", "{}"),
            ("[1,2]", "[2,1]"), ("[1]", "[1,1]"), ("[[1]]", "[1]"), (#"{"a":1}"#, #"{"a":2}"#),
            (#"{"a":1}"#, #"{"b":1}"#),
            (#"{"a":1}"#, #"{"a":1,"b":1}"#), (#"{"a":null}"#, "{}"), ("[true]", "[1]"), (#"{"a":false}"#, #"{"a":0}"#),
            ("\"\u{E9}\"", "\"e\u{301}\""), ("{\"\u{E9}\":1}", "{\"e\u{301}\":1}"),
            (#""hello\u0000there""#, #""hellothere""#),
            ("9007199254740992", "9007199254740993"), (#""a""#, #""A""#),
        ])
    func different(a: String, b: String) throws {
        #expect(try Self.parse(a) != Self.parse(b))
    }

    @Test("Large objects are equal in any order")
    func largeObjects() {
        let members = (0..<1000).map { JSONObject.Member("n\($0)", .number(JSONNumber($0))) }
        let a = JSONValue.object(JSONObject(members))
        let b = JSONValue.object(JSONObject(members.reversed()))
        #expect(a == b)
        #expect(Set([a, b]).count == 1)
    }
}
