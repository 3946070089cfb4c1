/// Why a text is not JSON, and at which byte of it.
package struct JSONSyntaxError: Error, Sendable {
    /// Bytes before the fault; the length of the text when it ends too early.
    package let offset: Int
    /// What was expected or is forbidden there. Never quotes the text, which may hold personal data.
    package let reason: String

    package init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }
}

extension JSONValue {
    /// How many arrays and objects may be open at once unless a reader says otherwise.
    package static let maximumDepth = 128

    /// Reads one JSON text to the letter of RFC 8259, in one pass, at a cost linear in its length.
    ///
    /// Where the RFC leaves a choice: a repeated member name is an error (section 4 calls its meaning
    /// "unpredictable"), so is a surrogate without its partner (section 8.2), and so is a byte order mark (section 8.1
    /// allows either; whoever reads the stream removes the one that may begin it).
    ///
    /// - Parameter maximumDepth: how many arrays and objects may be open at once; each costs a stack frame.
    package init(parsing bytes: some Collection<UInt8>, maximumDepth: Int = maximumDepth) throws(JSONSyntaxError) {
        // The standard library's buffer closures rethrow any error; a `Result` keeps its type.
        let parse = { (buffer: UnsafeBufferPointer<UInt8>) -> Result<JSONValue, JSONSyntaxError> in
            var parser = JSONParser(bytes: buffer, maximumDepth: maximumDepth)
            return Result { () throws(JSONSyntaxError) in try parser.parseText() }
        }
        let result = bytes.withContiguousStorageIfAvailable(parse) ?? Array(bytes).withUnsafeBufferPointer(parse)
        self = try result.get()
    }
}

/// A recursive-descent parser: one method for each rule of the grammar, each beginning at its rule's first byte.
private struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let maximumDepth: Int
    private var position = 0
    private var depth = 0
    /// The content of the string being read once it has had an escape; kept for its capacity.
    private var unescaped: [UInt8] = []

    init(bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    mutating func parseText() throws(JSONSyntaxError) -> JSONValue {
        let value = try parseValue()
        skipWhitespace()
        guard position == bytes.count else { throw error("text after the value") }
        return value
    }

    private mutating func parseValue() throws(JSONSyntaxError) -> JSONValue {
        skipWhitespace()
        switch next {
        case UInt8(ascii: "{"): return .object(try parseObject())
        case UInt8(ascii: "["): return .array(try parseArray())
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseLiteral("true", .bool(true))
        case UInt8(ascii: "f"): return try parseLiteral("false", .bool(false))
        case UInt8(ascii: "n"): return try parseLiteral("null", .null)
        case let byte? where byte == UInt8(ascii: "-") || isDigit(byte): return .number(try parseNumber())
        case nil: throw error("the text ends where a value was expected")
        default: throw error("expected a value")
        }
    }

    // MARK: Arrays and objects

    private mutating func parseArray() throws(JSONSyntaxError) -> [JSONValue] {
        try enter()
        var elements: [JSONValue] = []
        if !closes(with: UInt8(ascii: "]")) {
            repeat {
                elements.append(try parseValue())
            } while try continues(until: UInt8(ascii: "]"), "expected ',' or ']'")
        }
        depth -= 1
        return elements
    }

    private mutating func parseObject() throws(JSONSyntaxError) -> JSONObject {
        try enter()
        var object = JSONObject()
        if !closes(with: UInt8(ascii: "}")) {
            repeat {
                skipWhitespace()
                let start = position
                guard next == UInt8(ascii: "\"") else { throw error("expected a member name") }
                let name = try parseString()
                skipWhitespace()
                guard consume(UInt8(ascii: ":")) else { throw error("expected ':'") }
                let value = try parseValue()
                guard object.insert(name, value) else {
                    throw JSONSyntaxError(offset: start, reason: "repeated member name")
                }
            } while try continues(until: UInt8(ascii: "}"), "expected ',' or '}'")
        }
        depth -= 1
        return object
    }

    private mutating func enter() throws(JSONSyntaxError) {
        guard depth < maximumDepth else { throw error("nested deeper than \(maximumDepth) levels") }
        depth += 1
        position += 1
    }

    /// Whether the array or object that has just been opened is empty.
    private mutating func closes(with bracket: UInt8) -> Bool {
        skipWhitespace()
        return consume(bracket)
    }

    /// Whether a comma follows and not the closing bracket.
    private mutating func continues(until bracket: UInt8, _ reason: String) throws(JSONSyntaxError) -> Bool {
        skipWhitespace()
        if consume(UInt8(ascii: ",")) { return true }
        guard consume(bracket) else { throw error(reason) }
        return false
    }

    // MARK: Strings

    private mutating func parseString() throws(JSONSyntaxError) -> String {
        position += 1
        /// Where the bytes begin that are content as they stand and have not gone into `unescaped` yet.
        var start = position
        unescaped.removeAll(keepingCapacity: true)
        var hasEscapes = false
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                let run = UnsafeBufferPointer(rebasing: bytes[start..<position])
                position += 1
                guard hasEscapes else { return String(decoding: run, as: UTF8.self) }
                unescaped.append(contentsOf: run)
                return String(decoding: unescaped, as: UTF8.self)
            case UInt8(ascii: "\\"):
                unescaped.append(contentsOf: bytes[start..<position])
                hasEscapes = true
                try parseEscape()
                start = position
            case 0x00..<0x20:
                throw error("raw control character in a string")
            case 0x20..<0x80:
                position += 1
            default:
                try skipMultibyteSequence()
            }
        }
        throw error("the text ends inside a string")
    }

    /// Moves past one well-formed sequence of two to four bytes: table 3-7 of the Unicode Standard, which leaves out
    /// overlong forms, surrogates and everything past U+10FFFF.
    private mutating func skipMultibyteSequence() throws(JSONSyntaxError) {
        let (second, length): (ClosedRange<UInt8>, Int) =
            switch bytes[position] {
            case 0xC2...0xDF: (0x80...0xBF, 2)
            case 0xE0: (0xA0...0xBF, 3)
            case 0xE1...0xEC, 0xEE...0xEF: (0x80...0xBF, 3)
            case 0xED: (0x80...0x9F, 3)
            case 0xF0: (0x90...0xBF, 4)
            case 0xF1...0xF3: (0x80...0xBF, 4)
            case 0xF4: (0x80...0x8F, 4)
            default: throw error("invalid UTF-8")
            }
        guard bytes.count - position >= length,
            second.contains(bytes[position + 1]),
            bytes[(position + 2)..<(position + length)].allSatisfy({ $0 & 0xC0 == 0x80 })
        else { throw error("invalid UTF-8") }
        position += length
    }

    private mutating func parseEscape() throws(JSONSyntaxError) {
        let start = position
        position += 1
        guard let byte = next else { throw error("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try parseUnicodeEscape(startingAt: start)
            unescaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw JSONSyntaxError(offset: start, reason: "unknown escape")
        }
    }

    /// Reads the digits after `\u`, and the second `\u` of a surrogate pair.
    private mutating func parseUnicodeEscape(startingAt start: Int) throws(JSONSyntaxError) -> Unicode.Scalar {
        let unit = try parseFourHexDigits()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(unit), consume(UInt8(ascii: "\\")), consume(UInt8(ascii: "u")) else {
            throw JSONSyntaxError(offset: start, reason: "surrogate without its partner")
        }
        let trail = try parseFourHexDigits()
        guard UTF16.isTrailSurrogate(trail) else {
            throw JSONSyntaxError(offset: start, reason: "surrogate without its partner")
        }
        return UTF16.decode(UTF16.EncodedScalar([unit, trail]))
    }

    private mutating func parseFourHexDigits() throws(JSONSyntaxError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            let digit: UInt8 =
                switch next {
                case let byte? where isDigit(byte): byte - UInt8(ascii: "0")
                case let byte? where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte):
                    byte - UInt8(ascii: "a") + 10
                case let byte? where (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte):
                    byte - UInt8(ascii: "A") + 10
                default: throw error("expected four hexadecimal digits")
                }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    // MARK: Numbers and literals

    private mutating func parseNumber() throws(JSONSyntaxError) -> JSONNumber {
        let start = position
        _ = consume(UInt8(ascii: "-"))
        if consume(UInt8(ascii: "0")) {
            if let byte = next, isDigit(byte) { throw error("leading zero") }
        } else {
            try skipDigits()
        }
        if consume(UInt8(ascii: ".")) { try skipDigits() }
        if consume(UInt8(ascii: "e")) || consume(UInt8(ascii: "E")) {
            if !consume(UInt8(ascii: "+")) { _ = consume(UInt8(ascii: "-")) }
            try skipDigits()
        }
        return JSONNumber(text: String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func skipDigits() throws(JSONSyntaxError) {
        guard let first = next, isDigit(first) else { throw error("expected a digit") }
        repeat { position += 1 } while next.map(isDigit) == true
    }

    private mutating func parseLiteral(_ literal: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue
    {
        let start = position
        for byte in UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount) {
            guard consume(byte) else { throw JSONSyntaxError(offset: start, reason: "expected a value") }
        }
        return value
    }

    // MARK: Bytes

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func consume(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipWhitespace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func error(_ reason: String) -> JSONSyntaxError { JSONSyntaxError(offset: position, reason: reason) }
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
