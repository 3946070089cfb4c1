/// A JSON text as a tree (RFC 8259): member order kept, numbers kept as written, strings told apart by code points.
///
/// Swift's `String ==` is canonical equivalence ("é" equals "e\u{301}"); JSON means code points. Compare strings that
/// came from outside with `sameCodePoints(_:_:)`, never with `==`.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// A number exactly as it was written; nothing is rounded until somebody asks for a Swift type.
package struct JSONNumber: Sendable {
    package let text: String

    package init(text: String) { self.text = text }
    package init(_ value: some BinaryInteger) { text = String(value) }

    /// The value when it is a whole number in range, however it is spelled (`1`, `1.0`, `1e2`).
    package var int64: Int64? { Int64(text) }
    package var double: Double? { Double(text) }
}

/// The members of an object in the order in which they were written, found by code points.
package struct JSONObject: Sendable {
    package struct Member: Sendable {
        package var name: String
        package var value: JSONValue
        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var members: [Member]

    /// - Precondition: the names differ from each other.
    package init(_ members: [Member] = []) { self.members = members }

    /// Reads the member of this name. Setting replaces it in place, appends it at the end, or with `nil` removes it.
    package subscript(_ name: String) -> JSONValue? {
        get { members.first { sameCodePoints($0.name, name) }?.value }
        set {
            if let index = members.firstIndex(where: { sameCodePoints($0.name, name) }) {
                if let newValue { members[index].value = newValue } else { members.remove(at: index) }
            } else if let newValue {
                members.append(Member(name, newValue))
            }
        }
    }

    package var isEmpty: Bool { members.isEmpty }
    package var count: Int { members.count }
}

/// Whether two strings are the same sequence of code points, which is what JSON means by equal.
package func sameCodePoints(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

// MARK: - Reading

extension JSONValue {
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var number: JSONNumber? { if case .number(let value) = self { value } else { nil } }
    package var int64: Int64? { number?.int64 }
    package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    package var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    package var isNull: Bool { if case .null = self { true } else { false } }

    /// The member of this name when this is an object that has it.
    package subscript(_ name: String) -> JSONValue? { object?[name] }
}

// MARK: - Writing literals

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .number(JSONNumber(value)) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member($0.0, $0.1) }))
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements.map { Member($0.0, $0.1) })
    }
}
