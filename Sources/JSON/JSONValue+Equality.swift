// Equal as JSON Schema means it (2020-12 core, section 4.2.2): numbers by value, strings by code points, arrays item by
// item, objects without regard to the order of their members. A boolean is never a number.

extension JSONValue: Hashable {
    package static func == (a: JSONValue, b: JSONValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): sameCodePoints(a, b)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value):
            hasher.combine(1)
            hasher.combine(value)
        case .number(let value):
            hasher.combine(2)
            hasher.combine(value)
        case .string(let value):
            hasher.combine(3)
            hasher.combine(CodePoints(value))
        case .array(let elements):
            hasher.combine(4)
            hasher.combine(elements)
        case .object(let object):
            hasher.combine(5)
            hasher.combine(object)
        }
    }
}

extension JSONObject: Hashable {
    package static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.count == b.count && a.members.allSatisfy { b[$0.name] == $0.value }
    }

    package func hash(into hasher: inout Hasher) {
        // A sum, because it comes out the same in any order.
        let sum = members.reduce(0) { sum, member in
            var hasher = Hasher()
            hasher.combine(CodePoints(member.name))
            hasher.combine(member.value)
            return sum &+ hasher.finalize()
        }
        hasher.combine(count)
        hasher.combine(sum)
    }
}
