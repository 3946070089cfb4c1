/// Reads a text byte by byte. The grammars of the formats are all ASCII, so no other byte ever fits.
struct ByteScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }
    var next: UInt8? { rest.first }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func skip(if isWanted: (UInt8) -> Bool) -> Bool {
        guard let next, isWanted(next) else { return false }
        rest.removeFirst()
        return true
    }

    /// How many bytes were wanted in a row.
    mutating func readMany(_ isWanted: (UInt8) -> Bool, upTo limit: Int = .max) -> Int {
        var count = 0
        while count < limit, skip(if: isWanted) { count += 1 }
        return count
    }

    /// A number of exactly so many digits.
    mutating func readNumber(digits: Int) -> Int? {
        var number = 0
        for _ in 0..<digits {
            guard let digit = next, isDigit(digit) else { return nil }
            rest.removeFirst()
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return number
    }

    /// Runs a rule and, when it fails, goes back to where it began.
    mutating func attempt(_ rule: (inout ByteScanner) -> Bool) -> Bool {
        let start = self
        if rule(&self) { return true }
        self = start
        return false
    }
}

func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }

func isHexDigit(_ byte: UInt8) -> Bool { hexDigitValue(byte) != nil }

func hexDigitValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

/// Whether a byte is one of these ASCII characters.
func isOne(of characters: StaticString) -> (UInt8) -> Bool {
    { byte in characters.withUTF8Buffer { $0.contains(byte) } }
}
