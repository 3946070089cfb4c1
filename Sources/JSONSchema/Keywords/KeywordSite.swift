import JSON

/// A keyword where it stands in the schema document, with typed access to its value.
struct KeywordSite {
    let name: String
    let value: JSONValue
    /// The schema around it and that schema's place.
    let schema: JSONObject
    let schemaLocation: JSONPointer

    var location: JSONPointer { schemaLocation.appending(name) }
    var isAtRoot: Bool { schemaLocation.description.isEmpty }

    /// Another keyword of the same schema, when it is there.
    func sibling(_ name: String) -> KeywordSite? {
        schema[name].map { KeywordSite(name: name, value: $0, schema: schema, schemaLocation: schemaLocation) }
    }

    func error(_ reason: String) -> SchemaError {
        SchemaError(location: location.description, keyword: name, reason: reason)
    }

    func string() throws(SchemaError) -> String {
        guard let string = value.string else { throw error("must be a string") }
        return string
    }

    func bool() throws(SchemaError) -> Bool {
        guard let bool = value.bool else { throw error("must be true or false") }
        return bool
    }

    func number() throws(SchemaError) -> JSONNumber {
        guard let number = value.number else { throw error("must be a number") }
        return number
    }

    /// A length or a count: a whole number, not negative, also when it is spelled `2.0`.
    func size() throws(SchemaError) -> Int {
        guard let number = value.int64, let size = Int(exactly: number), size >= 0 else {
            throw error("must be a whole number, not negative and below 2^63")
        }
        return size
    }

    func array() throws(SchemaError) -> [JSONValue] {
        guard let array = value.array else { throw error("must be an array") }
        return array
    }

    func object() throws(SchemaError) -> JSONObject {
        guard let object = value.object else { throw error("must be an object") }
        return object
    }

    /// An array of member names, each of which stands there once.
    func names() throws(SchemaError) -> [String] { try names(value) }

    func names(_ value: JSONValue) throws(SchemaError) -> [String] {
        guard let names = value.array?.map(\.string) else { throw error("must be an array of names") }
        var seen: Set<CodePoints> = []
        var result: [String] = []
        for name in names {
            guard let name else { throw error("must be an array of names, which are strings") }
            guard seen.insert(CodePoints(name)).inserted else { throw error("lists \(quoted(name)) twice") }
            result.append(name)
        }
        return result
    }

    /// What a person reads where a value is not as this schema wants it.
    var words: String? { nounPhrase(in: schema) }

    /// A regular expression.
    func pattern(_ text: String) throws(SchemaError) -> Pattern {
        do {
            return try Pattern(text)
        } catch {
            throw self.error("\(quoted(text)) is no regular expression for this validator: \(error.reason)")
        }
    }
}
