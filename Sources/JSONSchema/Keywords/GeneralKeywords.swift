import JSON

// Validation, section 6.1: keywords for a value of any type.

/// `type`: one type or several.
struct TypeKeyword: Keyword {
    enum Name: String {
        case null, boolean, object, array, number, string, integer

        /// With its article.
        var noun: String {
            switch self {
            case .null: "null"
            case .object, .array, .integer: "an \(rawValue)"
            case .boolean, .number, .string: "a \(rawValue)"
            }
        }
    }

    private let expected: [Name]

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        let names = if let name = site.value.string { [name] } else { try site.names() }
        var expected: [Name] = []
        for text in names {
            guard let name = Name(rawValue: text) else { throw site.error("there is no type \(quoted(text))") }
            expected.append(name)
        }
        guard !expected.isEmpty else { throw site.error("must not be empty") }
        self.expected = expected
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard !expected.contains(where: { Self.accepts(instance, $0) }) else { return }
        let actual = Self.name(of: instance)
        let isFraction = actual == .number && expected.contains(.integer)
        evaluation.report(
            "type",
            params: [
                "expected": .array(expected.map { .string($0.rawValue) }), "actual": .string(actual.rawValue),
            ],
            "must be \(expected.map(\.noun).joined(separator: " or ")), "
                + "not \(actual.noun)\(isFraction ? " with a fraction" : "")")
    }

    private static func accepts(_ instance: JSONValue, _ name: Name) -> Bool {
        switch (name, instance) {
        case (.null, .null), (.boolean, .bool), (.object, .object), (.array, .array), (.number, .number),
            (.string, .string):
            true
        // "1.0" is an integer: section 6.1.1, "any number with a zero fractional part".
        case (.integer, .number(let number)): number.isInteger
        default: false
        }
    }

    private static func name(of instance: JSONValue) -> Name {
        switch instance {
        case .null: .null
        case .bool: .boolean
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }
}

/// `enum` and `const`.
struct AllowedValues: Keyword {
    private let name: String
    private let values: [JSONValue]

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        name = site.name
        values = name == "const" ? [site.value] : try site.array()
        guard !values.isEmpty else { throw site.error("allows nothing: must not be empty") }
    }

    func accepts(_ instance: JSONValue) -> Bool { values.contains(instance) }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard !accepts(instance) else { return }
        evaluation.report(
            name, params: ["allowed": .array(values)],
            "must be \(values.count == 1 ? "" : "one of ")\(listed(values.map(rendered)))")
    }
}

/// `minLength` to `maxProperties`, sections 6.3 to 6.5: how many code points, items or members there may be.
struct SizeLimit: Keyword {
    private let name: String
    private let limit: Int
    private let isMaximum: Bool

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        name = site.name
        limit = try site.size()
        isMaximum = name.utf8.starts(with: "max".utf8)
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        let actual: Int
        let noun: String
        switch (name, instance) {
        case ("minLength", .string(let string)), ("maxLength", .string(let string)):
            (actual, noun) = (string.unicodeScalars.count, "character")
        case ("minItems", .array(let items)), ("maxItems", .array(let items)): (actual, noun) = (items.count, "item")
        case ("minProperties", .object(let object)), ("maxProperties", .object(let object)):
            (actual, noun) = (object.count, "member")
        default: return
        }
        guard isMaximum ? actual > limit : actual < limit else { return }
        evaluation.report(
            name, params: ["limit": .number(JSONNumber(limit)), "actual": .number(JSONNumber(actual))],
            "has \(counted(actual, noun)); \(isMaximum ? atMost(limit) : atLeast(limit))")
    }
}
