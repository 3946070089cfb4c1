import JSON
import Testing

@Suite("JSON parser") struct JSONParserTests {
    // MARK: Accepted

    static let accepted: [(text: String, written: String)] = [
        ("null", "null"), ("true", "true"), ("false", "false"), ("\"\"", "\"\""), ("0", "0"),
        // Whitespace: space, tab, line feed, carriage return, around every token.
        (" \t\n\r[ \t\n\r1 \t\n\r, \t\n\r2 \t\n\r] \t\n\r", "[1,2]"),
        (" { \"a\" : 1 , \"b\" : { } } ", #"{"a":1,"b":{}}"#),
        ("[]", "[]"), ("{}", "{}"), ("[[]]", "[[]]"), (#"{"":0}"#, #"{"":0}"#),
        // Numbers stay as written.
        ("-0", "-0"), ("-0.0", "-0.0"), ("0e1", "0e1"), ("0E+1", "0E+1"), ("1E-2", "1E-2"), ("1e400", "1e400"),
        ("-1e-400", "-1e-400"), ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("0.1000", "0.1000"), ("1.5e+00300", "1.5e+00300"), ("-123123e100000", "-123123e100000"),
        // Escapes, each of them, and both cases of hexadecimal digits.
        (#""\"\\\/\b\f\n\r\t""#, #""\"\\/\b\f\n\r\t""#),
        (#""\u0000""#, #""\u0000""#), (#""\u001F""#, #""\u001f""#), (#""\u0041\u00e9\u00E9""#, "\"Aéé\""),
        (#""\ud83d\ude00""#, "\"😀\""), (#""\uD834\uDd1e""#, "\"𝄞\""), (#""\udbff\udfff""#, "\"\u{10FFFF}\""),
        (#""\\u0041""#, #""\\u0041""#), (#""a\u0062c""#, #""abc""#),
        // What stands in a string unescaped.
        ("\"/'\u{A0}\"", "\"/'\u{A0}\""), ("\"\u{7F}\"", #""\u007f""#),
        ("\"\u{80}\u{7FF}\u{800}\"", "\"\u{80}\u{7FF}\u{800}\""),
        ("\"\u{D7FF}\u{E000}\u{10000}\u{10FFFF}\"", "\"\u{D7FF}\u{E000}\u{10000}\u{10FFFF}\""),
        ("\"\u{2028}\u{2029}\u{85}\u{FEFF}\"", "\"\\u2028\\u2029\\u0085\u{FEFF}\""),
        // Names that differ, though Swift's String compares them equal.
        ("{\"\u{E9}\":1,\"e\u{301}\":2}", "{\"\u{E9}\":1,\"e\u{301}\":2}"),
        (#"{"a":1,"A":2,"a\u0000":3,"":4}"#, #"{"a":1,"A":2,"a\u0000":3,"":4}"#),
        (#"{"a":{"a":{"a":1}}}"#, #"{"a":{"a":{"a":1}}}"#),
    ]

    @Test("A JSON text is read and comes back without its spaces", arguments: accepted)
    func accepts(text: String, written: String) throws {
        let output = try JSONValue(parsing: text.utf8).serialized()
        #expect(output == Array(written.utf8), "\(String(decoding: output, as: UTF8.self))")
        #expect(try JSONValue(parsing: output).serialized() == output)
    }

    // MARK: Refused

    static let refused: [(text: String, offset: Int)] = [
        ("", 0), (" ", 1), ("[", 1), ("]", 0), ("{", 1), ("}", 0), (",", 0), ("[1", 2), ("[1,", 3), (#"{"a""#, 4),
        (#"{"a":"#, 5), (#"{"a":1"#, 6), (#"{"a":1,"#, 7), ("[1}", 2), (#"{"a":1]"#, 6), ("[[1]", 4),
        // Commas and colons.
        ("[1,]", 3), ("[,1]", 1), ("[1,,2]", 3), ("[,]", 1), ("[1 2]", 3), (#"{"a":1,}"#, 7), (#"{,"a":1}"#, 1),
        (#"{"a":1,,"b":2}"#, 7), (#"{"a" 1}"#, 5), (#"{"a"::1}"#, 5), (#"{"a",1}"#, 4), (#"{"a":1 "b":2}"#, 7),
        ("[1:2]", 2), (#"["a":1]"#, 4),
        // Names.
        ("{a:1}", 1), ("{'a':1}", 1), ("{1:1}", 1), ("{null:1}", 1), ("{[]:1}", 1),
        (#"{"a":1,"a":1}"#, 7), (#"{"a":1,"b":2,"\u0061":3}"#, 13), (#"{"":1,"":2}"#, 6),
        (#"[{"b":{"a":1,"a":2}}]"#, 13),
        // Text after the value.
        ("1 2", 2), ("[]]", 2), ("{}}", 2), ("[][]", 2), ("{} x", 3), ("\"a\"b", 3), ("nullnull", 4), ("1\u{0}", 1),
        ("true,", 4), ("[1]\u{C}", 3), ("1 // a", 2), ("/* a */1", 0), ("1#", 1),
        // Literals.
        ("nul", 0), ("nulL", 0), ("NULL", 0), ("True", 0), ("tru", 0), ("falsy", 0), ("[truth]", 1), ("undefined", 0),
        ("NaN", 0), ("-NaN", 1), ("Infinity", 0), ("-Infinity", 1), ("nan", 0), ("inf", 0),
        // Numbers.
        ("01", 1), ("-01", 2), ("00", 1), ("-", 1), ("--1", 1), ("+1", 0), ("++1", 0), (".5", 0), ("-.5", 1), ("1.", 2),
        ("1.e3", 2), ("0.", 2), ("0.e1", 2), ("1e", 2), ("1e+", 3), ("1E-", 3), ("1e1.5", 3), ("1e 1", 2), ("1.2.3", 3),
        ("0x1", 1), ("1_000", 1), ("1,000", 1), ("1a", 1), ("- 1", 1), ("1-1", 1), ("[1.]", 3), ("[-]", 2),
        ("\u{FF11}", 0),
        ("1eE2", 2), ("1e+-2", 3), ("012", 1), ("2.e-3", 2), ("-2.", 3), ("0e", 2),
        // Strings.
        ("\"", 1), ("\"a", 2), ("'a'", 0), ("`a`", 0), ("\"\\\"", 3), (#""\"#, 2), ("abc", 0), ("\"a\nb\"", 2),
        ("\"\u{0}\"", 1), ("\"\t\"", 1), ("\"\u{1F}\"", 1), ("\"\r\"", 1),
        (#""\a""#, 1), (#""\x41""#, 1), (#""\U0041""#, 1), (#""\'""#, 1), (#""\0""#, 1), ("\"\\\u{0}\"", 1),
        ("\"\\\n\"", 1),
        ("\"\\é\"", 1), (#""\v""#, 1), (#""\e""#, 1),
        (#""\u""#, 3), (#""\u1""#, 4), (#""\u12""#, 5), (#""\u123""#, 6), (#""\u123g""#, 6), (#""\u{41}""#, 3),
        (#""\u+123""#, 3), (#""\u 041""#, 3), (#""\u"#, 3), (#""\u00"#, 5), (#""\u00A"#, 6),
        // Surrogates: alone, the wrong way round, two leads, a lead before something else.
        (#""\ud800""#, 1), (#""\udfff""#, 1), (#""\ude00\ud83d""#, 1), (#""\ud800\ud800""#, 1), (#""\ud83dx""#, 1),
        (#""\ud83d\n""#, 1), (#""\ud83d\u0041""#, 1), (#""\uD800\"#, 1), (#""\uD800\u"#, 9), (#""\uD800\u1"#, 10),
        (#""\ud83d\u""#, 9), (#""ab\udc00""#, 3), (#""\ud83d\ude0""#, 12), (#"{"\ud800":1}"#, 2),
        // Not whitespace in JSON.
        ("\u{A0}1", 0), ("\u{B}1", 0), ("\u{C}1", 0), ("1\u{2028}", 1), ("[\u{2060}]", 1), ("\u{85}1", 0),
        ("\u{3000}1", 0),
        // Byte order marks.
        ("\u{FEFF}", 0), ("\u{FEFF}1", 0), ("[\u{FEFF}1]", 1), ("1\u{FEFF}", 1), ("{\u{FEFF}}", 1),
    ]

    @Test("What is not JSON is refused at its first wrong byte", arguments: refused)
    func refuses(text: String, offset: Int) {
        let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text.utf8) }
        #expect(error?.offset == offset, "\(error?.reason ?? "")")
        #expect(error?.reason.isEmpty == false)
    }

    static let invalidUTF8: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xC2, 0xC2], [0xE9],
        [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xE1, 0x80], [0xE2, 0x82], [0xE2, 0x82, 0x41], [0xE2, 0x41, 0x80],
        [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80],
        [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF1, 0x80, 0x80, 0x41],
        [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
        [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], [0xFE], [0xFF],
    ]

    @Test("Invalid UTF-8 is refused wherever it stands", arguments: invalidUTF8)
    func refusesInvalidUTF8(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        for (text, offset) in [
            ([quote] + bytes + [quote], 1), ([quote, 0x61] + bytes, 2), (bytes, 0), ([0x5B, 0x31, 0x5D] + bytes, 3),
            ([0x7B, quote] + bytes + [quote, 0x3A, 0x31, 0x7D], 2), ([quote, 0x5C] + bytes + [quote], 1),
        ] {
            let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
            #expect(error?.offset == offset)
        }
    }

    @Test("UTF-16 and UTF-32 are refused")
    func refusesOtherEncodings() {
        for text: [UInt8] in [
            [0xFF, 0xFE, 0x31, 0], [0xFE, 0xFF, 0, 0x31], [0x31, 0], [0, 0x31], [0x31, 0, 0, 0], [0, 0, 0, 0x31],
            [0x5B, 0, 0x5D, 0],
        ] {
            #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
        }
    }

    @Test("Every code point is kept, written and escaped")
    func everyCodePoint() throws {
        // All of the first plane, a sample of the others and their ends.
        let numbers = Array(UInt32(0)...0xFFFF) + stride(from: 0x10000, through: 0x10FFFF, by: 255)
        var raw = "\""
        var escaped = "\""
        var expected = ""
        for scalar in numbers.compactMap(Unicode.Scalar.init) {
            expected.unicodeScalars.append(scalar)
            if scalar.value >= 0x20, scalar != "\"", scalar != "\\" {
                raw.unicodeScalars.append(scalar)
            } else {
                raw += hexEscape(UInt16(scalar.value))
            }
            for unit in scalar.utf16 { escaped += hexEscape(unit) }
        }
        for text in [raw, escaped] {
            let value = try JSONValue(parsing: (text + "\"").utf8)
            #expect(sameCodePoints(value.string ?? "", expected))
            let again = try JSONValue(parsing: value.serialized())
            #expect(sameCodePoints(again.string ?? "", expected))
        }
    }

    private func hexEscape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    @Test(
        "Noncharacters are code points like others", arguments: [0xFFFF, 0xFFFE, 0xFDD0, 0x1FFFE, 0x10FFFF] as [UInt32])
    func noncharacters(number: UInt32) throws {
        // Swift's literals don't take them.
        let scalar = try #require(Unicode.Scalar(number))
        for text in ["\"\(scalar)\"", "\"\(scalar.utf16.map(hexEscape).joined())\""] {
            #expect(try JSONValue(parsing: text.utf8).string?.unicodeScalars.elementsEqual([scalar]) == true)
        }
    }

    // MARK: Limits

    @Test("128 levels are read, the 129th is refused where it opens", arguments: ["[", "{\"a\":", "[{\"a\":"])
    func depth(opening: String) throws {
        func nested(_ levels: Int) -> String {
            let unit = opening.filter { $0 == "[" || $0 == "{" }.count
            let closing = String(opening.filter { $0 == "[" || $0 == "{" }.reversed().map { $0 == "[" ? "]" : "}" })
            let count = levels / unit
            return String(repeating: opening, count: count) + "1" + String(repeating: closing, count: count)
        }
        _ = try JSONValue(parsing: nested(128).utf8)
        let text = nested(130)
        let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text.utf8) }
        let openings = text.utf8.indices.filter { [UInt8(ascii: "["), UInt8(ascii: "{")].contains(text.utf8[$0]) }
        #expect(error?.offset == text.utf8.distance(from: text.startIndex, to: openings[128]))
        #expect(error?.reason == "nested deeper than 128 levels")
    }

    @Test("Depth counts what is open, not what was")
    func siblingsAreNotDepth() throws {
        let siblings = "[" + Array(repeating: "[[],{}]", count: 1000).joined(separator: ",") + "]"
        #expect(try JSONValue(parsing: siblings.utf8, maximumDepth: 3).array?.count == 1000)
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: siblings.utf8, maximumDepth: 2) }
        #expect(throws: Never.self) { try JSONValue(parsing: "1".utf8, maximumDepth: 0) }
    }

    @Test("A million unclosed brackets are refused without exhausting the stack")
    func manyBrackets() {
        let error = #expect(throws: JSONSyntaxError.self) {
            try JSONValue(parsing: Array(repeating: UInt8(ascii: "["), count: 1_000_000))
        }
        #expect(error?.offset == 128)
    }

    @Test("A repeated name is found in an object of any size", arguments: [2, 32, 33, 34, 5000])
    func repeatedName(count: Int) throws {
        let members = (0..<count).map { "\"name\($0)\":\($0)" }
        let unique = try JSONValue(parsing: "{\(members.joined(separator: ","))}".utf8)
        #expect(unique.object?.count == count)
        #expect(unique["name\(count - 1)"]?.int64 == Int64(count - 1))
        for repeated in [0, count / 2, count - 1] {
            let text = "{\(members.joined(separator: ",")),\"name\(repeated)\":0}"
            let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text.utf8) }
            #expect(error?.reason == "repeated member name")
        }
    }

    @Test("A slice, a string's UTF-8 and a collection without storage of its own are read alike")
    func collections() throws {
        let bytes = Array("xx[1,\"é\"]yy".utf8)
        let expected: JSONValue = [1, "é"]
        #expect(try JSONValue(parsing: bytes[2..<(bytes.count - 2)]) == expected)
        #expect(try JSONValue(parsing: "[1,\"é\"]".utf8) == expected)
        #expect(try JSONValue(parsing: bytes.reversed().reversed()[2..<(bytes.count - 2)]) == expected)
        let lazily = bytes[2..<(bytes.count - 2)].lazy.map { $0 }
        #expect(try JSONValue(parsing: lazily) == expected)
        let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: bytes[3...]) }
        #expect(error?.offset == 1, "Offsets count from the beginning of the slice.")
    }

    @Test("A reason never quotes the text")
    func reasonsQuoteNothing() {
        let secret = "jenny.rosen"
        for text in [
            secret, "\"\(secret)", "{\"\(secret)\":1,\"\(secret)\":2}", "[\"\(secret)\" \"\(secret)\"]",
            "\"\\q\(secret)\"",
        ] {
            let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text.utf8) }
            #expect(error?.reason.contains("jenny") == false)
        }
    }

    /// Seeds with every token; each of their bytes is replaced, doubled and removed. Whatever is accepted must survive
    /// a round trip, and whatever is refused must be so at an offset inside the text.
    @Test(
        "A text with one byte changed is refused or read faithfully",
        arguments: [
            #"{"a":[1,-0.5e+3,true,false,null],"b\u00e9\ud83d\ude00":"é😀\n"}"#, #"[{"":{}},[[]],"\\\"\/"]"#,
        ])
    func mutations(seed: String) throws {
        let bytes = Array(seed.utf8)
        for position in bytes.indices {
            for byte in UInt8.min...UInt8.max {
                var replaced = bytes
                replaced[position] = byte
                var inserted = bytes
                inserted.insert(byte, at: position)
                try checkRefusedOrFaithful(replaced)
                try checkRefusedOrFaithful(inserted)
            }
            var removed = bytes
            removed.remove(at: position)
            try checkRefusedOrFaithful(removed)
            #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: bytes[..<position]) }
        }
    }

    private func checkRefusedOrFaithful(_ bytes: [UInt8]) throws {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            #expect((0...bytes.count).contains(error.offset))
            return
        }
        #expect(String(validating: bytes, as: UTF8.self) != nil)
        let output = value.serialized()
        let again = try JSONValue(parsing: output)
        #expect(again.serialized() == output)
        #expect(again == value)
    }
}
