/// A number exactly as it was written; nothing is rounded until somebody asks for a Swift type.
///
/// Two numbers are equal when they mean the same: `1`, `1.0` and `10e-1` are. Compare `text` where the spelling counts.
package struct JSONNumber: Sendable {
    package let text: String

    /// - Precondition: `text` is a number by RFC 8259, section 6.
    package init(text: String) { self.text = text }

    package init(_ value: some BinaryInteger) { text = String(value) }

    /// The shortest spelling that reads back as this number, or `nil` for what JSON can't say: infinity and NaN.
    package init?(_ value: some BinaryFloatingPoint & CustomStringConvertible) {
        guard value.isFinite else { return nil }
        text = value.description
    }

    /// The value when it is a whole number in range, however it is spelled (`1`, `1.0`, `1e2`).
    package var int64: Int64? { integer() }

    /// The nearest `Double`, or `nil` beyond its range.
    package var double: Double? {
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// Whether the value is a whole number, however it is spelled and however large.
    package var isInteger: Bool { ExactDecimal(text).isInteger }

    /// Whether the value divided by `divisor` is a whole number, exactly, as JSON Schema's `multipleOf` asks; nothing
    /// is a multiple of zero. The cost grows with the digits of both and not with their exponents.
    package func isMultiple(of divisor: JSONNumber) -> Bool {
        ExactDecimal(text).isMultiple(of: ExactDecimal(divisor.text))
    }

    /// The value when it is a whole number in the range of `T`, however it is spelled.
    func integer<T: FixedWidthInteger>(as type: T.Type = T.self) -> T? {
        T(text) ?? ExactDecimal(text).integer()
    }
}

extension JSONNumber: Comparable, Hashable {
    package static func == (a: JSONNumber, b: JSONNumber) -> Bool {
        sameCodePoints(a.text, b.text) || ExactDecimal(a.text) == ExactDecimal(b.text)
    }

    package static func < (a: JSONNumber, b: JSONNumber) -> Bool { ExactDecimal(a.text) < ExactDecimal(b.text) }

    package func hash(into hasher: inout Hasher) { ExactDecimal(text).hash(into: &hasher) }
}
