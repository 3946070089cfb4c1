import JSON

/// One keyword of one schema, compiled: its value has been read and checked, only the instance is missing.
protocol Keyword: Sendable {
    /// Reads the keyword. `nil` when it asserts nothing, alone or because a sibling takes it into account.
    init?(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError)

    /// Reports what is wrong with the instance. A keyword for another type of value finds nothing wrong.
    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation)

    /// The subschemas that it applies to the very same value, which is how references can go round in a circle.
    var inPlace: [Subschema] { get }
}

extension Keyword {
    var inPlace: [Subschema] { [] }
}

/// A schema inside the document (or the whole of it), compiled.
enum Subschema: Sendable {
    case always
    case never
    /// In the order of the document.
    case keywords([any Keyword])

    var keywords: [any Keyword] { if case .keywords(let keywords) = self { keywords } else { [] } }
}
