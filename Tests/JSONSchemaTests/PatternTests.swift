import Testing

@testable import JSONSchema

@Suite struct PatternTests {
    @Test(
        "Patterns match as ECMA-262 says with the u flag",
        arguments: [
            ("", "", true), ("a", "xay", true), ("^a$", "xay", false), ("^a|b$", "xxb", true), ("^(a|b)$", "xb", false),
            ("^a{2,3}$", "aa", true), ("^a{2,3}$", "aaaa", false), ("^a{2}$", "a", false), ("^a{2,}$", "aaaaa", true),
            ("^a{0}$", "", true), ("^(?:ab)+?$", "abab", true), ("^(?<n>ab)*$", "aba", false), ("^(a*)*$", "b", false),
            ("^(a|)+$", "aaa", true), ("^()$", "", true), ("^.$", "\n", false), ("^.$", "\u{2028}", false),
            ("^.$", "🐲", true), ("^..$", "e\u{301}", true), ("^[a-c-]+$", "a-c", true), ("^[^a-c]$", "b", false),
            ("^[]$", "a", false), ("^[^]$", "\n", true), (#"^[\d\-x]+$"#, "1-x", true), (#"^[^\D]$"#, "5", true),
            (#"^[\]\[^]+$"#, "]^[", true), (#"\bab\b"#, "x ab y", true), (#"\bab\b"#, "xab", false),
            (#"a\Bb"#, "ab", true), (#"^[\b]$"#, "\u{8}", true), (#"^\x41\u0042\u{1F432}$"#, "AB🐲", true),
            (#"^\uD83D\uDC32$"#, "🐲", true), (#"^\0$"#, "\0", true), (#"^\/\.\$\{\}$"#, "/.${}", true),
            (#"^\p{Lu}\P{Lu}$"#, "Éé", true), (#"^\p{gc=Nd}\p{Letter}$"#, "৪ж", true),
            (#"^\p{Alphabetic}$"#, "1", false),
            (#"^[^\u0000-\u001F\u007F]+$"#, "a\tb", false), (#"^[^@\s]+@[^@\s]+$"#, "jürgen@müller.example", true),
            (#"^[^@\s]+@[^@\s]+$"#, "a b@c", false), ("^$", "\n", false), ("a$", "a\n", false),
        ])
    func matches(pattern: String, text: String, isMatch: Bool) throws {
        #expect(try Pattern(pattern).matches(text) == isMatch)
    }

    @Test(
        "What is no pattern, or needs more than a linear machine, is refused",
        arguments: [
            "(", ")", "[", "]", "{", "}", "a{", "a{1", "a{,2}", "a{2,1}", "*", "+a", "a**", "^*", #"\b+"#, "|*", "(?",
            "(?i:a)", "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", #"(a)\1"#, #"(?<n>a)\k<n>"#, "(?<n", #"\"#, #"\a"#, #"\Z"#,
            #"\A"#, #"\-"#, #"\01"#, #"\c1"#, #"\x4"#, #"\u12"#, #"\uD83D"#, #"\uD83Dx"#, #"\uDC32"#, #"\u{110000}"#,
            #"\u{}"#, #"\u{1"#, #"\p"#, #"\p{"#, #"\p{Nope}"#, #"\p{Script=Greek}"#, "[z-a]", #"[a-\d]"#, #"[\B]"#,
            "a{20000}", "((a{100}){100}){100}", String(repeating: "(", count: 70) + String(repeating: ")", count: 70),
        ])
    func refused(pattern: String) {
        #expect(throws: PatternError.self) { try Pattern(pattern) }
    }

    @Test(
        "The patterns that make a backtracking machine hang take no time", .timeLimit(.minutes(1)),
        arguments: ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)*x", "^(a?){50}a{50}$", "(((){100000}){100000}){100000}b"])
    func linear(pattern: String) throws {
        #expect(try !Pattern(pattern).matches(String(repeating: "a", count: 20_000) + "!"))
    }
}
