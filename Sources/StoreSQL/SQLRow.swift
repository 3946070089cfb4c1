/// One value that a statement is given.
package enum SQLValue: Sendable {
    case null
    case integer(Int64)
    case text(String)
    /// For `isOneOf` and `list`.
    case texts([String])

    package init(_ value: String?) { self = value.map(Self.text) ?? .null }
    package init(_ value: Int64?) { self = value.map(Self.integer) ?? .null }
    package init(_ value: Int) { self = .integer(Int64(value)) }
    /// 1 or 0, which every engine keeps.
    package init(_ value: Bool) { self = .integer(value ? 1 : 0) }
}

/// One row that a statement gives, its columns counted from 0.
package protocol SQLRow {
    /// `nil` for what is no text; a text that is no UTF-8 is repaired.
    func text(_ index: Int) -> String?
    /// `nil` for what is no integer.
    func integer(_ index: Int) -> Int64?
    /// False for 0, NULL and everything that isn't an integer.
    func bool(_ index: Int) -> Bool
    /// Bytes that are no text, a text that is no UTF-8 or has a U+0000, which neither Stripe nor other databases take.
    /// Nothing is known then of what the column says: neither a repaired text nor none.
    func isUnfit(_ index: Int) -> Bool
}
