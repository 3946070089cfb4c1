// `Codable` values to and from the tree go through `JSONValueEncoder` and `JSONValueDecoder`. Why not Foundation's:
// `JSONDecoder` takes two names that are canonically equal for one (measured with Swift 6.3.1 on Linux, and shown by
// `JSONCodingTests`: `{"é":1,"e\u0301":2}` has one entry as `[String: Int]`, and a struct finds the same value under
// both spellings) and keeps the first of two equal names. So it can't be trusted with a customer's metadata; and it
// would parse a second time what is already a tree.

/// A Swift type that is one JSON scalar.
protocol JSONPrimitive: Codable {
    /// `nil` for what JSON can't say.
    var jsonValue: JSONValue? { get }

    /// - Throws: `DecodingError`, whose text says what was expected and never the value, which may be personal data.
    init(_ value: JSONValue, at codingPath: @autoclosure () -> [any CodingKey]) throws(DecodingError)
}

extension Bool: JSONPrimitive {
    var jsonValue: JSONValue? { .bool(self) }

    init(_ value: JSONValue, at codingPath: @autoclosure () -> [any CodingKey]) throws(DecodingError) {
        guard case .bool(let bool) = value else { throw value.mismatch("a boolean", Self.self, at: codingPath()) }
        self = bool
    }
}

extension String: JSONPrimitive {
    var jsonValue: JSONValue? { .string(self) }

    init(_ value: JSONValue, at codingPath: @autoclosure () -> [any CodingKey]) throws(DecodingError) {
        guard case .string(let string) = value else { throw value.mismatch("a string", Self.self, at: codingPath()) }
        self = string
    }
}

extension JSONPrimitive where Self: FixedWidthInteger {
    var jsonValue: JSONValue? { .number(JSONNumber(self)) }

    init(_ value: JSONValue, at codingPath: @autoclosure () -> [any CodingKey]) throws(DecodingError) {
        guard case .number(let number) = value else { throw value.mismatch("a number", Self.self, at: codingPath()) }
        guard let integer = number.integer(as: Self.self) else {
            throw .dataCorrupted(
                .init(codingPath: codingPath(), debugDescription: "not a whole number in the range of \(Self.self)"))
        }
        self = integer
    }
}

extension JSONPrimitive where Self: BinaryFloatingPoint & CustomStringConvertible {
    var jsonValue: JSONValue? { JSONNumber(self).map(JSONValue.number) }

    init(_ value: JSONValue, at codingPath: @autoclosure () -> [any CodingKey]) throws(DecodingError) {
        guard case .number(let number) = value else { throw value.mismatch("a number", Self.self, at: codingPath()) }
        guard let double = number.double, Self(double).isFinite else {
            throw .dataCorrupted(.init(codingPath: codingPath(), debugDescription: "not in the range of \(Self.self)"))
        }
        self = Self(double)
    }
}

extension Int: JSONPrimitive {}
extension Int8: JSONPrimitive {}
extension Int16: JSONPrimitive {}
extension Int32: JSONPrimitive {}
extension Int64: JSONPrimitive {}
extension Int128: JSONPrimitive {}
extension UInt: JSONPrimitive {}
extension UInt8: JSONPrimitive {}
extension UInt16: JSONPrimitive {}
extension UInt32: JSONPrimitive {}
extension UInt64: JSONPrimitive {}
extension UInt128: JSONPrimitive {}
extension Double: JSONPrimitive {}
extension Float: JSONPrimitive {}

extension JSONValue {
    /// The error for a value of another kind than the one that was asked for.
    func mismatch(_ expected: String, _ type: Any.Type, at codingPath: [any CodingKey]) -> DecodingError {
        if isNull {
            return .valueNotFound(
                type, .init(codingPath: codingPath, debugDescription: "expected \(expected), not null"))
        }
        return .typeMismatch(type, .init(codingPath: codingPath, debugDescription: "expected \(expected), not \(kind)"))
    }

    private var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// The name of an array's element in a coding path.
struct IndexKey: CodingKey {
    let index: Int

    init(_ index: Int) { self.index = index }
    init(intValue: Int) { index = intValue }
    init?(stringValue: String) { nil }

    var intValue: Int? { index }
    var stringValue: String { String(index) }
}

/// The name under which a class's `superEncoder()` and `superDecoder()` put what belongs to its superclass.
struct SuperKey: CodingKey {
    init() {}
    init?(intValue: Int) { nil }
    init?(stringValue: String) { nil }

    var intValue: Int? { nil }
    var stringValue: String { "super" }
}
