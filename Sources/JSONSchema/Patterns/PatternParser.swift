/// Reads a regular expression by ECMA-262's grammar for the `u` flag, which takes no unknown escape and no stray bracket
/// for a literal: https://tc39.es/ecma262/#sec-patterns
struct PatternParser {
    private static let maximumDepth = 64
    /// Where a larger count would be refused as too large anyway.
    private static let maximumRepetition = 100_000

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    static func parse(_ text: String) throws(PatternError) -> PatternSyntax {
        var parser = PatternParser(scalars: Array(text.unicodeScalars))
        let result = try parser.parseAlternatives()
        guard parser.next == nil else { throw PatternError(reason: "a \")\" closes nothing") }
        return result
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    // MARK: Alternatives, sequences, repetitions

    private mutating func parseAlternatives() throws(PatternError) -> PatternSyntax {
        var alternatives = [try parseSequence()]
        while skip("|") { alternatives.append(try parseSequence()) }
        return alternatives.count == 1 ? alternatives[0] : .alternatives(alternatives)
    }

    private mutating func parseSequence() throws(PatternError) -> PatternSyntax {
        var parts: [PatternSyntax] = []
        while let next, next != "|", next != ")" { parts.append(try parseRepetition()) }
        return .sequence(parts)
    }

    private mutating func parseRepetition() throws(PatternError) -> PatternSyntax {
        let part = try parsePart()
        guard let (minimum, maximum) = try parseQuantifier() else { return part }
        if case .assertion = part {
            throw PatternError(reason: "nothing that could be repeated is before a quantifier")
        }
        skip("?")
        return .repetition(part, minimum: minimum, maximum: maximum)
    }

    private mutating func parseQuantifier() throws(PatternError) -> (minimum: Int, maximum: Int?)? {
        if skip("*") { return (0, nil) }
        if skip("+") { return (1, nil) }
        if skip("?") { return (0, 1) }
        guard skip("{") else { return nil }
        let malformed = PatternError(reason: "a \"{\" must begin {n}, {n,} or {n,m}, or be written \\{")
        guard let minimum = parseNumber() else { throw malformed }
        var maximum: Int? = minimum
        if skip(",") { maximum = parseNumber() }
        guard skip("}") else { throw malformed }
        guard maximum ?? minimum >= minimum else {
            throw PatternError(reason: "a quantifier's numbers are out of order")
        }
        return (minimum, maximum)
    }

    private mutating func parseNumber() -> Int? {
        var number: Int?
        while let digit = next.flatMap(digitValue) {
            number = min((number ?? 0) * 10 + digit, Self.maximumRepetition)
            position += 1
        }
        return number
    }

    private mutating func parsePart() throws(PatternError) -> PatternSyntax {
        switch take() {
        case "^": return .assertion(.start)
        case "$": return .assertion(.end)
        case ".": return .set(.dot)
        case "(": return try parseGroup()
        case "[": return .set(try parseClass())
        case "\\":
            if skip("b") { return .assertion(.wordBoundary) }
            if skip("B") { return .assertion(.noWordBoundary) }
            return .set(try parseEscape(inClass: false))
        case "*", "+", "?", "{": throw PatternError(reason: "nothing that could be repeated is before a quantifier")
        case "]", "}": throw PatternError(reason: "a \"]\" or \"}\" closes nothing; as a literal it needs a backslash")
        case let scalar?: return .set(ScalarSet(scalar))
        case nil: return .sequence([])
        }
    }

    private mutating func parseGroup() throws(PatternError) -> PatternSyntax {
        if skip("?") {
            let isNamed = skip("<") && next != "=" && next != "!"
            if isNamed {
                while let scalar = take(), scalar != ">" {}
            } else if !skip(":") {
                throw PatternError(reason: "lookahead, lookbehind and flags are not supported")
            }
        }
        depth += 1
        guard depth <= Self.maximumDepth else { throw PatternError(reason: "groups are nested too deeply") }
        let content = try parseAlternatives()
        depth -= 1
        guard skip(")") else { throw PatternError(reason: "a \"(\" is not closed") }
        return content
    }

    // MARK: Classes

    private mutating func parseClass() throws(PatternError) -> ScalarSet {
        let isComplement = skip("^")
        var parts: [ScalarSet] = []
        while !skip("]") {
            let first = try parseClassMember()
            if next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" {
                position += 1
                let last = try parseClassMember()
                guard let first = first.scalar, let last = last.scalar, first <= last else {
                    throw PatternError(reason: "a range in a class doesn't go from one character up to another")
                }
                parts.append(ScalarSet(first...last))
            } else {
                parts.append(first.set)
            }
        }
        let set = ScalarSet(union: parts)
        return isComplement ? set.complement : set
    }

    /// One character, which may begin or end a range, or a set such as `\d`, which may not.
    private mutating func parseClassMember() throws(PatternError) -> (set: ScalarSet, scalar: Unicode.Scalar?) {
        guard let scalar = take() else { throw PatternError(reason: "a \"[\" is not closed") }
        guard scalar == "\\" else { return (ScalarSet(scalar), scalar) }
        if let set = try parseSetEscape() { return (set, nil) }
        let escaped = try parseScalarEscape(inClass: true)
        return (ScalarSet(escaped), escaped)
    }

    // MARK: Escapes, after the backslash

    private mutating func parseEscape(inClass: Bool) throws(PatternError) -> ScalarSet {
        if let set = try parseSetEscape() { return set }
        return ScalarSet(try parseScalarEscape(inClass: inClass))
    }

    private mutating func parseSetEscape() throws(PatternError) -> ScalarSet? {
        if skip("d") { return .digit }
        if skip("D") { return .digit.complement }
        if skip("w") { return .word }
        if skip("W") { return .word.complement }
        if skip("s") { return .space }
        if skip("S") { return .space.complement }
        if skip("p") { return try parseProperty() }
        if skip("P") { return try parseProperty().complement }
        return nil
    }

    private mutating func parseProperty() throws(PatternError) -> ScalarSet {
        guard skip("{") else { throw PatternError(reason: "\\p must be followed by {…}") }
        var name = ""
        while let scalar = take(), scalar != "}" { name.unicodeScalars.append(scalar) }
        guard let set = ScalarSet(property: name) else {
            throw PatternError(reason: "\\p{\(name)} is not supported; general categories are")
        }
        return set
    }

    private mutating func parseScalarEscape(inClass: Bool) throws(PatternError) -> Unicode.Scalar {
        guard let scalar = take() else { throw PatternError(reason: "ends with a backslash") }
        switch scalar {
        case "t": return "\t"
        case "n": return "\n"
        case "v": return "\u{B}"
        case "f": return "\u{C}"
        case "r": return "\r"
        case "b" where inClass: return "\u{8}"
        case "0" where next.flatMap(digitValue) == nil: return "\0"
        case "1"..."9", "k": throw PatternError(reason: "backreferences are not supported")
        case "c":
            guard let letter = take(), letter.properties.isAlphabetic, letter.isASCII else {
                throw PatternError(reason: "\\c must be followed by a letter")
            }
            return Unicode.Scalar(UInt8(letter.value % 32))
        case "x": return try unicodeScalar(parseHex(digits: 2))
        case "u": return try parseUnicodeEscape()
        case "^", "$", "\\", ".", "*", "+", "?", "(", ")", "[", "]", "{", "}", "|", "/": return scalar
        case "-" where inClass: return scalar
        default: throw PatternError(reason: "there is no escape \\\(scalar)")
        }
    }

    /// `\u{1F432}`, `\u00E9`, or two of the latter for a surrogate pair.
    private mutating func parseUnicodeEscape() throws(PatternError) -> Unicode.Scalar {
        if skip("{") {
            var value: UInt32?
            while let digit = next.flatMap(hexDigitValue) {
                value = min((value ?? 0) << 4 | UInt32(digit), 0x110000)
                position += 1
            }
            guard skip("}") else { throw PatternError(reason: "\\u{ must be closed after its digits") }
            return try unicodeScalar(value)
        }
        let high = parseHex(digits: 4)
        guard let high, (0xD800...0xDBFF).contains(high), skip("\\"), skip("u") else { return try unicodeScalar(high) }
        guard let low = parseHex(digits: 4), (0xDC00...0xDFFF).contains(low) else { return try unicodeScalar(nil) }
        return try unicodeScalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    }

    private mutating func parseHex(digits: Int) -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let digit = take().flatMap(hexDigitValue) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private func unicodeScalar(_ value: UInt32?) throws(PatternError) -> Unicode.Scalar {
        guard let scalar = value.flatMap(Unicode.Scalar.init) else {
            throw PatternError(reason: "a \\x or \\u doesn't give a code point")
        }
        return scalar
    }

    // MARK: The text

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take() -> Unicode.Scalar? {
        defer { position += 1 }
        return next
    }

    @discardableResult
    private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }
}

private func digitValue(_ scalar: Unicode.Scalar) -> Int? {
    ("0"..."9").contains(scalar) ? Int(scalar.value - 0x30) : nil
}

private func hexDigitValue(_ scalar: Unicode.Scalar) -> UInt8? {
    UInt8(exactly: scalar.value).flatMap(hexDigitValue)
}
