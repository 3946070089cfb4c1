import JSON
import Testing

@Suite("The same address")
struct SameAddressTests {
    @Test(
        "The case of ASCII makes no difference, everything else does",
        arguments: [
            ("Ada@Example.COM", "ada@example.com", true), ("ada@example.com", "ada@example.co", false),
            ("\u{E9}@example.com", "e\u{301}@example.com", false), ("\u{212A}@example.com", "k@example.com", false),
            ("\u{C9}@example.com", "\u{E9}@example.com", false), ("[@example.com", "{@example.com", false),
            ("a\u{0}b@example.com", "A\u{0}B@example.com", true), ("", "", true),
        ])
    func sameness(a: String, b: String, same: Bool) {
        #expect(sameAddress(a, b) == same && sameAddress(b, a) == same)
        #expect(sameCodePoints(loweredAddress(a), loweredAddress(b)) == same)
        #expect(sameAddress(a, loweredAddress(a)))
    }
}
