import Testing

@testable import JSONSchema

/// Beside the official suite's cases.
@Suite struct FormatTests {
    @Test(
        "An email address is a mailbox of RFC 5321",
        arguments: [
            ("a@b", true), ("a@b.c", true), ("a@b-c.d", true), ("!#$%&'*+-/=?^_`{|}~@b", true), (#""\""@b"#, true),
            (#""a\@b"@c"#, true), ("a@[ipv6:1:2:3:4:5:6:7:8]", true), ("a@[IPv6:::ffff:1.2.3.4]", true),
            ("", false), ("@", false), ("a@", false), ("@b", false), ("a@@b", false), ("a@b@c", false),
            ("a b@c", false),
            ("a@b ", false), ("a@-b", false), ("a@b-", false), ("a@b..c", false), ("a@.b", false), ("a@b.", false),
            ("a@[1.2.3]", false), ("a@[1.2.3.4", false), ("a@[1.2.3.4]x", false), ("a@[::1]", false),
            ("a@[IPv\u{16}:::1]", false),
            (#""a@b"#, false), (#""a"b@c"#, false), ("jürgen@example.com", false), ("a@münchen.de", false),
            ("<a@b>", false), ("a@b\n", false),
        ])
    func email(text: String, isValid: Bool) { #expect(Format.email.accepts(text) == isValid) }

    @Test(
        "A URI is that of RFC 3986",
        arguments: [
            ("a:", true), ("a:b", true), ("a:/", true), ("a://", true), ("a://b:80?#", true), ("a://b:/c", true),
            ("a://[::]/", true), ("a://[1:2:3:4:5:6:7::]", true), ("a://[1:2:3:4:5:6:1.2.3.4]", true),
            ("a://[v1.x:y]", true), ("a+1-.:b", true), ("a:%41", true), ("file:///a", true), ("a:b?c?d#e/f?g", true),
            ("", false), (":", false), ("1a:b", false), ("a:b c", false), ("a:%4", false), ("a:%zz", false),
            ("a:b#c#d", false), ("a://b:80x", false), ("a://b:8:8", false), ("a://[::1", false), ("a://[::1]x", false),
            ("a://[1::2::3]", false), ("a://[:1]", false), ("a://[1:2:3:4:5:6:7:8:9]", false), ("a://[12345::]", false),
            ("a://[1.2.3.4::]", false), ("a://[1:2:3:4:5:6:7]", false), ("a://[1:2:3:4:5:6:7:8::]", false),
            ("a://[v.x]", false), ("a://b@c@d", false), ("a:[b]", false), ("a:ä", false), ("a:\"", false),
            ("a:\\", false),
        ])
    func uri(text: String, isValid: Bool) { #expect(Format.uri.accepts(text) == isValid) }

    @Test(
        "A date and time is that of RFC 3339",
        arguments: [
            ("2026-01-31T12:00:00Z", true), ("2024-02-29T00:00:00z", true), ("2000-02-29t23:59:59.9+23:59", true),
            ("2017-01-01T08:59:60+09:00", true), ("2016-12-31T23:59:60-00:00", true), ("0000-01-01T00:00:00Z", true),
            ("2023-02-29T00:00:00Z", false), ("1900-02-29T00:00:00Z", false), ("2026-04-31T00:00:00Z", false),
            ("2026-00-01T00:00:00Z", false), ("2026-13-01T00:00:00Z", false), ("2026-01-00T00:00:00Z", false),
            ("2026-01-01T24:00:00Z", false), ("2026-01-01T00:60:00Z", false), ("2026-01-01T00:00:00", false),
            ("2026-01-01T00:00:00.Z", false), ("2026-01-01 00:00:00Z", false), ("2026-01-01T00:00:00+0100", false),
            ("2026-01-01T00:00:00+24:00", false), ("2026-01-01T00:00Z", false), ("2017-01-01T08:59:60+08:00", false),
            ("12026-01-01T00:00:00Z", false), ("2026-01-01T00:00:00Z ", false),
        ])
    func dateTime(text: String, isValid: Bool) { #expect(Format.dateTime.accepts(text) == isValid) }
}
