/// The columns of one result row, owned: it stays valid after the statement has moved on.
package struct Row: Sendable {
    package let values: [SQLiteValue]

    package init(_ values: [SQLiteValue]) { self.values = values }

    /// The column at `index`, counted from 0 in the order of the SELECT list.
    package subscript(_ index: Int) -> SQLiteValue { values[index] }

    /// The column when it is of that storage class, else `nil`; nothing is converted, but a broken text is repaired.
    package func text(_ index: Int) -> String? {
        switch values[index] {
        case .text(let value): value
        case .brokenText(let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }
    package func integer(_ index: Int) -> Int64? { if case .integer(let value) = values[index] { value } else { nil } }
    package func real(_ index: Int) -> Double? { if case .real(let value) = values[index] { value } else { nil } }
    package func blob(_ index: Int) -> [UInt8]? { if case .blob(let value) = values[index] { value } else { nil } }
    package func isNull(_ index: Int) -> Bool { if case .null = values[index] { true } else { false } }
    /// False for 0, NULL and everything that isn't an integer.
    package func bool(_ index: Int) -> Bool { integer(index).map { $0 != 0 } ?? false }
}
