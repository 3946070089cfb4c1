import JSON

// The small change of the texts. They may quote schemas and member names, never values of an instance.

/// The name in quotation marks, escaped as in JSON.
func quoted(_ name: String) -> String { JSONValue.string(quotable(name)).description }

/// A value of the schema as JSON, cut at 80 code points.
func rendered(_ value: JSONValue) -> String {
    if case .string(let string) = value { quoted(string) } else { cut(value.description) }
}

/// `a, b, c`, and beyond twelve `… and 3 more`.
func listed(_ items: [String]) -> String {
    guard items.count > 12 else { return items.joined(separator: ", ") }
    return items.prefix(12).joined(separator: ", ") + ", … and \(items.count - 12) more"
}

/// What the schema's values are, to go on from "must be": the first sentence of its description, such as
/// `an email address: one @ with text on both sides`. A regular expression tells that to nobody but programmers.
func nounPhrase(in schema: JSONObject) -> String? {
    guard var sentence = schema["description"]?.string, !sentence.isEmpty else { return nil }
    if let end = sentence.firstRange(of: ". ") { sentence = String(sentence[..<end.lowerBound]) }
    if sentence.hasSuffix(".") { sentence.removeLast() }
    // A word in capitals, such as a name, stays one.
    let second = sentence.dropFirst().first
    return second.map { $0 == " " || $0.isLowercase } == true
        ? sentence.prefix(1).lowercased() + sentence.dropFirst() : sentence
}

/// `1 item`, `2 items`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// `at most 1 is allowed`, `at least 2 are needed`.
func atMost(_ limit: Int) -> String { "at most \(limit) \(limit == 1 ? "is" : "are") allowed" }
func atLeast(_ limit: Int) -> String { "at least \(limit) \(limit == 1 ? "is" : "are") needed" }
