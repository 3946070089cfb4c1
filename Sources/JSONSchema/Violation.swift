package import JSON

/// One thing that is wrong with a value: the specification's "basic" output unit (2020-12 core, section 12.4.2) plus the
/// keyword and what a program needs to know about it.
package struct Violation: Sendable {
    /// JSON pointer to the value or, for an unknown member, to that member. Names in it are as `quotable` gives them.
    package let instanceLocation: String
    /// JSON pointer from the schema's root, through every `$ref` taken.
    package let keywordLocation: String
    package let keyword: String
    package let params: JSONObject
    /// For a person. Names members, limits and lengths, never the value.
    package let error: String

    package var json: JSONValue {
        [
            "instanceLocation": .string(instanceLocation),
            "keywordLocation": .string(keywordLocation),
            "keyword": .string(keyword),
            "params": .object(params),
            "error": .string(error),
        ]
    }
}

/// What is wrong with a value, in the order of the schema's keywords.
package struct Violations: Sendable {
    /// The first ones, up to the limit.
    package private(set) var list: [Violation] = []
    /// All of them, listed or not.
    package private(set) var total = 0

    package var isEmpty: Bool { total == 0 }

    mutating func add(limit: Int, _ violation: @autoclosure () -> Violation) {
        total += 1
        if list.count < limit { list.append(violation()) }
    }

    mutating func add(limit: Int, _ others: Violations) {
        total += others.total
        list += others.list.prefix(max(0, limit - list.count))
    }

    func map(_ transform: (Violation) -> Violation) -> Violations {
        var result = self
        result.list = list.map(transform)
        return result
    }
}
