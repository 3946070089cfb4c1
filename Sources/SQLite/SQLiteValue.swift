/// One value of SQLite's five storage classes: https://sqlite.org/datatype3.html
package enum SQLiteValue: Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    /// A text that is no UTF-8: only another program can have stored it.
    case brokenText([UInt8])
    case blob([UInt8])

    package init(_ value: String?) { self = value.map(Self.text) ?? .null }
    package init(_ value: Int64?) { self = value.map(Self.integer) ?? .null }
    package init(_ value: Int) { self = .integer(Int64(value)) }
    package init(_ value: [UInt8]?) { self = value.map(Self.blob) ?? .null }
    /// SQLite has no truth values of its own: 1 or 0.
    package init(_ value: Bool) { self = .integer(value ? 1 : 0) }
}

extension SQLiteValue: Equatable {
    /// Texts are equal when their bytes are, as in SQLite's BINARY collation. Swift's `==` would also match canonical
    /// equivalents.
    package static func == (a: SQLiteValue, b: SQLiteValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.integer(let a), .integer(let b)): a == b
        case (.real(let a), .real(let b)): a == b
        case (.text(let a), .text(let b)): a.utf8.elementsEqual(b.utf8)
        case (.blob(let a), .blob(let b)), (.brokenText(let a), .brokenText(let b)): a == b
        default: false
        }
    }
}

extension SQLiteValue: ExpressibleByNilLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral, ExpressibleByBooleanLiteral
{
    package init(nilLiteral: ()) { self = .null }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .real(value) }
    package init(stringLiteral value: String) { self = .text(value) }
    package init(booleanLiteral value: Bool) { self.init(value) }
}
