import JSON
import Testing

@Suite("JSON pointer") struct JSONPointerTests {
    /// The examples of RFC 6901, section 5.
    @Test(
        "Names are escaped as in RFC 6901",
        arguments: [
            ("foo", "/foo"), ("", "/"), ("a/b", "/a~1b"), ("c%d", "/c%d"), ("e^f", "/e^f"), ("g|h", "/g|h"),
            ("i\\j", "/i\\j"),
            ("k\"l", "/k\"l"), (" ", "/ "), ("m~n", "/m~0n"), ("~1", "/~01"), ("/~", "/~1~0"),
            ("/\u{301}", "/~1\u{301}"),
        ])
    func names(name: String, expected: String) {
        #expect(sameCodePoints(JSONPointer.root.appending(name).description, expected))
    }

    @Test("A pointer grows by names and indices")
    func path() {
        #expect(JSONPointer.root.description == "")
        #expect("\(JSONPointer.root.appending("data").appending(0).appending("0"))" == "/data/0/0")
    }
}
