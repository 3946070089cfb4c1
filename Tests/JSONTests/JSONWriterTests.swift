import JSON
import Testing

@Suite("JSON writer") struct JSONWriterTests {
    private func text(_ value: JSONValue, sortedKeys: Bool = false) -> String {
        String(decoding: value.serialized(sortedKeys: sortedKeys), as: UTF8.self)
    }

    @Test("Members keep their order and nothing is spaced")
    func order() {
        #expect(
            text(["b": 1, "a": [true, .null, "x"], "c": [:], "d": []]) == #"{"b":1,"a":[true,null,"x"],"c":{},"d":[]}"#)
    }

    @Test("Control characters, DEL and the line breaks of Unicode are escaped, the slash is not")
    func escapes() {
        let controls = String(String.UnicodeScalarView((0..<0x20).compactMap(Unicode.Scalar.init)))
        #expect(
            text(.string(controls))
                == #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
                + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f""#)
        #expect(text("\"\\/\u{7F}") == #""\"\\/\u007f""#)
        #expect(text("a\u{85}b\u{2028}c\u{2029}") == #""a\u0085b\u2028c\u2029""#)
        // Their neighbours, which share their first bytes, stay.
        #expect(
            text("\u{84}\u{86}\u{2027}\u{202A}\u{2068}é\u{A0}") == "\"\u{84}\u{86}\u{2027}\u{202A}\u{2068}é\u{A0}\"")
    }

    @Test("A name is escaped like any string")
    func names() {
        #expect(text(["a\"\n\u{2028}": 1]) == #"{"a\"\n\u2028":1}"#)
    }

    @Test("No output has a byte that ends a line")
    func oneLine() throws {
        let value: JSONValue = ["\n\r\u{85}": ["\u{2028}", "\u{B}\u{C}\u{1C}\u{1D}\u{1E}"]]
        let written = text(value)
        #expect(!written.unicodeScalars.contains { $0.properties.isWhitespace || $0.value < 0x20 })
        #expect(try JSONValue(parsing: written.utf8) == value)
    }

    @Test("Sorted names stand in the order of their code points, at every level")
    func sorted() {
        let value: JSONValue = [
            "b": ["z": 1, "a": [["y": 1, "x": 2]]], "a": 1, "é": 2, "e\u{301}": 3, "😀": 4, "\u{FFFD}": 5, "": 6, "B": 7,
        ]
        #expect(
            text(value, sortedKeys: true)
                == "{\"\":6,\"B\":7,\"a\":1,\"b\":{\"a\":[{\"x\":2,\"y\":1}],\"z\":1},\"e\u{301}\":3,\"é\":2,\"\u{FFFD}\":5,\"😀\":4}"
        )
    }
}
