/// A number exactly as it was written; nothing is rounded until somebody asks for a Swift type.
package struct JSONNumber: Sendable {
    package let text: String

    /// - Precondition: `text` is a number by RFC 8259, section 6.
    package init(text: String) { self.text = text }
    package init(_ value: some BinaryInteger) { text = String(value) }

    /// The value when it is a whole number in range, however it is spelled (`1`, `1.0`, `1e2`).
    package var int64: Int64? { Int64(text) }
    package var double: Double? { Double(text) }
}
