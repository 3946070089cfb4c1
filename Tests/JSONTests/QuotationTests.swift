import JSON
import Testing

@Suite("Quotation") struct QuotationTests {
    @Test(
        "A name is quoted as it is, unless it is long or an email",
        arguments: [
            ("name", "name"), ("", ""), (String(repeating: "é", count: 80), String(repeating: "é", count: 80)),
            (String(repeating: "x", count: 81), String(repeating: "x", count: 80) + "…"),
            ("ada@example.com", "a***@example.com"), ("Ada <ada@example.com>", "A***@example.com>"),
            ("ada@example.com, bob@example.com", "a***@example.com"), ("@", "@***@"),
            (String(repeating: "x", count: 78) + "@example.com", "x***@e…"),
        ])
    func names(name: String, quoted: String) {
        #expect(quotable(name) == quoted)
    }
}
