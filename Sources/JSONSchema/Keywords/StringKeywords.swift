import JSON

// Validation, sections 6.3 and 7.

/// `pattern`: not anchored, by code points. The description beside it says in words what it allows.
struct PatternKeyword: Keyword {
    private let pattern: Pattern
    private let words: String?
    private let maximumLength: Int?

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        pattern = try site.pattern(try site.string())
        words = site.words
        maximumLength = try site.sibling("maxLength")?.size()
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard case .string(let string) = instance, !isFarTooLong(string), !pattern.matches(string) else { return }
        evaluation.report(
            "pattern", params: ["pattern": .string(pattern.text)],
            words.map { "must be \($0)" } ?? "does not match the pattern \(pattern.text)")
    }

    /// `maxLength` reports such a text, so that going through all of it would only cost time. A code point has at most
    /// four bytes.
    private func isFarTooLong(_ string: String) -> Bool {
        maximumLength.map { string.utf8.count / 4 > $0 } ?? false
    }
}

/// `format`, which asserts.
struct FormatKeyword: Keyword {
    private let format: Format

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        let name = try site.string()
        guard let format = Format(rawValue: name) else {
            let known = Format.allCases.map { quoted($0.rawValue) }
            throw site.error("\(quoted(name)) is not a supported format, which are \(listed(known))")
        }
        self.format = format
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard case .string(let string) = instance, !format.accepts(string) else { return }
        evaluation.report(
            "format", params: ["format": .string(format.rawValue)], "is not \(format.noun)")
    }
}
