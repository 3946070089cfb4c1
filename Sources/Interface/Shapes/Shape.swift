package import JSON

/// What a value may be, in the words of JSON Schema 2020-12: its keywords in the order in which they are published.
///
/// Only what the published schemas need has a name here; `and` adds any other keyword.
package struct Shape: Sendable {
    private(set) var keywords: JSONObject
    /// The definitions that it refers to by itself. (Those have their own.)
    private(set) var mentions: [Definition]

    fileprivate init(_ keywords: JSONObject, mentions: [Definition] = []) {
        self.keywords = keywords
        self.mentions = mentions
    }

    package var json: JSONValue { .object(keywords) }
}

// MARK: - Simple values

extension Shape {
    /// The largest integer that every JSON reader takes exactly.
    package static let largestInteger: Int64 = 9_007_199_254_740_991

    package static let null = types("null")
    package static let boolean = types("boolean")
    package static let integer = types("integer")
    package static let string = types("string")
    package static let object = types("object")
    /// An integer that every JSON reader takes exactly.
    package static let exactInteger = integer(-largestInteger...largestInteger)
    /// A time of RFC 3339.
    package static let time = string.and("format", "date-time")
    /// A text of the length that Stripe takes where it says nothing of it.
    package static let longText = text(1...5000)

    package static func types(_ names: String...) -> Shape {
        let names = names.map { JSONValue.string($0) }
        return Shape(["type": names.count == 1 ? names[0] : .array(names)])
    }

    package static func integer(_ values: ClosedRange<Int64>) -> Shape {
        integer(values.lowerBound...).and("maximum", number(values.upperBound))
    }

    package static func integer(_ values: PartialRangeFrom<Int64>) -> Shape {
        integer.and("minimum", number(values.lowerBound))
    }

    /// - Parameter length: In code points.
    package static func string(_ length: ClosedRange<Int64>) -> Shape {
        string(length.lowerBound...).and("maxLength", number(length.upperBound))
    }

    package static func string(_ length: PartialRangeFrom<Int64>) -> Shape {
        string.and("minLength", number(length.lowerBound))
    }

    package static func string(_ length: PartialRangeThrough<Int64>) -> Shape {
        string.and("maxLength", number(length.upperBound))
    }

    /// A string without control characters that would break a line or a terminal.
    package static func text(_ length: ClosedRange<Int64>) -> Shape { string(length).and("format", "text") }

    package static func oneOf(_ values: String...) -> Shape { oneOf(values) }

    package static func oneOf(_ values: [String]) -> Shape {
        string.and("enum", .array(values.map { .string($0) }))
    }

    package static func constant(_ value: String) -> Shape { string.and("const", .string(value)) }
    package static func constant(_ value: Bool) -> Shape { boolean.and("const", .bool(value)) }

    private static func number(_ value: Int64) -> JSONValue { .number(JSONNumber(value)) }
}

// MARK: - What is made of others

extension Shape {
    /// An array.
    package static func list(of element: Shape, max: Int64? = nil) -> Shape {
        var keywords: JSONObject = ["type": "array"]
        keywords["maxItems"] = max.map(number)
        keywords["items"] = element.json
        return Shape(keywords, mentions: element.mentions)
    }

    /// An object of names that nobody knows beforehand.
    package static func map(of value: Shape) -> Shape {
        Shape(["type": "object", "additionalProperties": value.json], mentions: value.mentions)
    }

    package static func either(_ forms: Shape...) -> Shape {
        Shape(["anyOf": .array(forms.map(\.json))], mentions: forms.flatMap(\.mentions))
    }

    /// An object with these members.
    /// - Parameters:
    ///   - required: Where they are published in another order than that of the members.
    ///   - isOpen: Whether there may be further members; `nil` leaves that unsaid.
    package static func fields(_ fields: [Field], required: [String]? = nil, isOpen: Bool? = false) -> Shape {
        let names = required ?? fields.filter(\.isRequired).map(\.name)
        var keywords: JSONObject = ["type": "object"]
        if !names.isEmpty { keywords["required"] = .array(names.map { .string($0) }) }
        keywords["properties"] = .object(JSONObject(fields.map { .init($0.name, $0.shape.json) }))
        keywords["additionalProperties"] = isOpen.map { .bool($0) }
        return Shape(keywords, mentions: fields.flatMap(\.shape.mentions))
    }

    /// What has a name of its own in every schema that uses it.
    package static func defined(_ name: String, _ description: String, _ shape: Shape) -> Shape {
        let definition = Definition(name, shape.described(description))
        return Shape(["$ref": .string("#/$defs/\(name)")], mentions: [definition])
    }

    // MARK: Further words

    package func described(_ text: String) -> Shape {
        // Beside a reference it stands behind it, as what the reader of one place adds to what all know.
        if keywords["$ref"] != nil || keywords["anyOf"] != nil { return and("description", .string(text)) }
        var shape = self
        shape.keywords = JSONObject([.init("description", .string(text))] + keywords.members)
        return shape
    }

    /// Or null, which unsets something or says that there is nothing.
    package var orNull: Shape {
        var shape = self
        if let type = keywords["type"] { shape.keywords["type"] = [type, "null"] }
        if let values = keywords["enum"]?.array { shape.keywords["enum"] = .array(values + [.null]) }
        return shape
    }

    /// - Parameter pattern: Its description says in words what it means.
    package func matching(_ pattern: String) -> Shape { and("pattern", .string(pattern)) }

    /// But not what fits this.
    package func except(_ description: String, _ keyword: String, _ value: JSONValue) -> Shape {
        and("not", .object(JSONObject([.init("description", .string(description)), .init(keyword, value)])))
    }

    package func byDefault(_ value: JSONValue) -> Shape { and("default", value) }
    package func examples(_ values: JSONValue...) -> Shape { and("examples", .array(values)) }

    package func and(_ keyword: String, _ value: JSONValue) -> Shape {
        var shape = self
        shape.keywords[keyword] = value
        return shape
    }
}
