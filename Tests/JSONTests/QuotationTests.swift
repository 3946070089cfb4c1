import JSON
import Testing

@Suite("Quotation") struct QuotationTests {
    @Test(
        "A name is quoted as it is, unless it is long or an email",
        arguments: [
            ("name", "name"), ("", ""), (String(repeating: "é", count: 80), String(repeating: "é", count: 80)),
            (String(repeating: "x", count: 81), String(repeating: "x", count: 80) + "…"),
            ("ada@example.com", "a***@example.com"), ("Ada <ada@example.com>", "A***@example.com>"),
            ("ada@example.com, bob@example.com", "a***@example.com"), ("@", "***@"),
            (String(repeating: "x", count: 78) + "@example.com", "x***@e…"),
            ("+49 170 1234567", "***"), ("+491701234567", "***"), ("+1 (555) 010-9999", "***"), ("+1", "+1"),
            ("12345678", "12345678"),
        ])
    func names(name: String, quoted: String) {
        #expect(quotable(name) == quoted)
    }

    @Test(
        "The mask of an address shows its first letter and its domain, and never the whole name",
        arguments: [
            ("ada@example.com", "a***@example.com"), ("ab@example.com", "a***@example.com"),
            ("a@example.com", "***@example.com"), ("é@example.com", "***@example.com"),
            ("e\u{301}@example.com", "***@example.com"), ("👩‍👩‍👧@example.com", "***@example.com"),
            ("@example.com", "***@example.com"), ("\"a@b\"@example.com", "\"***@example.com"),
            ("a@b@example.com", "a***@example.com"), ("ada", "***"), ("a", "***"), ("", "***"), ("@", "***@"),
        ])
    func masks(address: String, mask: String) {
        #expect(maskedEmail(address) == mask)
    }

    @Test(
        "A secret of Stripe's is never quoted, whatever stands around it",
        arguments: [
            "sk_test_1", "rk_live_1", "whsec_1", "sk_org_live_1", "\"sk_live_1\"", "\u{FEFF}sk_test_1",
            "Bearer rk_test_1", "STRIPE_WEBHOOK_SECRET=whsec_1",
        ])
    func secrets(text: String) {
        #expect(quotable(text) == "***")
    }

    @Test("What only sounds like a secret is quoted", arguments: ["task_1", "risk_score", "desk_test"])
    func words(text: String) {
        #expect(quotable(text) == text)
    }
}
