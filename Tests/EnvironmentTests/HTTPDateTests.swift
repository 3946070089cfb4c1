import Environment
import Testing

@Suite("The time in an HTTP answer")
struct HTTPDateTests {
    @Test(
        "It is read in the form that servers send, to the letter",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777_000), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed, 31 Dec 2025 23:59:59 GMT", 1_767_225_599_000), ("Sunday, 06-Nov-94 08:49:37 GMT", nil),
            ("Sun Nov  6 08:49:37 1994", nil), ("Sun, 06 Nov 1994 08:49:37 UTC", nil),
            ("Sun, 6 Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 8:49:37 GMT", nil),
            ("Sun, 06 nov 1994 08:49:37 GMT", nil), ("", nil), ("GMT", nil),
        ] as [(String, Milliseconds?)])
    func dates(text: String, time: Milliseconds?) {
        #expect(milliseconds(httpDate: text) == time)
    }
}
