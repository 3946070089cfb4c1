/// What a number's spelling means: ±0.d₁d₂d₃… × 10^exponent, where the first and the last digit are not zero, so that
/// every value has exactly one form, and comparing is comparing signs, exponents and digits in that order.
///
/// No operation's cost depends on the exponent: `1e999999999` is one digit.
struct ExactDecimal: Hashable {
    private let isNegative: Bool
    /// Each 0 to 9; empty for zero.
    private let digits: [UInt8]
    private let exponent: Int

    /// A written exponent past this counts as this. Ten times it, or it and the length of a text, still is an `Int`.
    private static let largestExponent = 100_000_000_000_000_000

    /// - Parameter text: a number by RFC 8259, section 6.
    init(_ text: String) {
        var digits: [UInt8] = []
        var digitsBeforePoint: Int?
        var writtenExponent = 0
        var isNegative = false
        var isExponentNegative = false
        var isInExponent = false
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"): if isInExponent { isExponentNegative = true } else { isNegative = true }
            case UInt8(ascii: "."): digitsBeforePoint = digits.count
            case UInt8(ascii: "e"), UInt8(ascii: "E"): isInExponent = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let digit = byte - UInt8(ascii: "0")
                if isInExponent {
                    writtenExponent = min(writtenExponent * 10 + Int(digit), Self.largestExponent)
                } else {
                    digits.append(digit)
                }
            default: break  // The exponent's "+".
            }
        }
        guard let first = digits.firstIndex(where: { $0 != 0 }), let last = digits.lastIndex(where: { $0 != 0 }) else {
            (self.isNegative, self.digits, self.exponent) = (false, [], 0)
            return
        }
        self.isNegative = isNegative
        self.digits = Array(digits[first...last])
        self.exponent =
            (digitsBeforePoint ?? digits.count) - first + (isExponentNegative ? -writtenExponent : writtenExponent)
    }

    var isInteger: Bool { digits.count <= exponent || digits.isEmpty }

    /// The value when it is whole and in range.
    func integer<T: FixedWidthInteger>() -> T? {
        guard isInteger else { return nil }
        var value: T = 0
        // Ends after as many steps as `T` has digits: the first digit is not zero, so the value overflows.
        for position in 0..<(digits.isEmpty ? 0 : exponent) {
            let digit = T(position < digits.count ? digits[position] : 0)
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) =
                isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// Whether this divided by `divisor` is a whole number.
    ///
    /// With both as a whole number without a zero at its end times a power of ten, m·10^e, the quotient is
    /// (m₁/m₂)·10^(e₁−e₂). With a negative power it isn't whole, since ten does not divide m₁. A positive power helps
    /// as long as it brings twos and fives that m₂ has, which are fewer than four for each of its digits.
    func isMultiple(of divisor: ExactDecimal) -> Bool {
        guard !divisor.digits.isEmpty else { return false }
        guard !digits.isEmpty else { return true }
        let power = (exponent - digits.count) - (divisor.exponent - divisor.digits.count)
        guard power >= 0 else { return false }
        let zeros = min(power, 4 * divisor.digits.count)
        return Self.divides(divisor.digits, digits + Array(repeating: 0, count: zeros))
    }

    /// Long division by hand, which keeps only the remainder.
    private static func divides(_ divisor: [UInt8], _ dividend: [UInt8]) -> Bool {
        // The remainder is below the divisor, so ten times it and a digit still fits.
        if divisor.count <= 18 {
            let divisor = divisor.reduce(0) { $0 * 10 + UInt64($1) }
            return dividend.reduce(0) { ($0 * 10 + UInt64($1)) % divisor } == 0
        }
        var remainder: [UInt8] = []
        for digit in dividend {
            if digit != 0 || !remainder.isEmpty { remainder.append(digit) }
            while !isMagnitude(remainder, lessThan: divisor) { subtract(divisor, from: &remainder) }
        }
        return remainder.isEmpty
    }

    private static func isMagnitude(_ a: [UInt8], lessThan b: [UInt8]) -> Bool {
        a.count == b.count ? a.lexicographicallyPrecedes(b) : a.count < b.count
    }

    /// - Precondition: `b` is not less than `a`.
    private static func subtract(_ a: [UInt8], from b: inout [UInt8]) {
        var borrow: Int8 = 0
        for place in 1...b.count {
            let difference = Int8(b[b.count - place]) - borrow - (place <= a.count ? Int8(a[a.count - place]) : 0)
            borrow = difference < 0 ? 1 : 0
            b[b.count - place] = UInt8(difference + borrow * 10)
        }
        b.removeFirst(b.firstIndex { $0 != 0 } ?? b.count)
    }
}

extension ExactDecimal: Comparable {
    static func < (a: ExactDecimal, b: ExactDecimal) -> Bool {
        let (signA, signB) = (a.sign, b.sign)
        guard signA == signB else { return signA < signB }
        return a.isNegative ? b.isMagnitudeLess(than: a) : a.isMagnitudeLess(than: b)
    }

    private var sign: Int { digits.isEmpty ? 0 : isNegative ? -1 : 1 }

    private func isMagnitudeLess(than other: ExactDecimal) -> Bool {
        exponent == other.exponent ? digits.lexicographicallyPrecedes(other.digits) : exponent < other.exponent
    }
}
