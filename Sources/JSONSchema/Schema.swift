package import JSON

/// A JSON Schema, draft 2020-12, compiled once and then asked about any number of values.
///
/// The list of keywords is closed (`Vocabulary`), and a schema with anything else is refused: the specification lets a
/// validator ignore what it doesn't know, but an ignored `dependantRequired` is a check that silently isn't made.
/// `format` asserts. References stay inside the document.
package struct Schema: Sendable {
    private let root: Subschema
    private let targets: [Subschema]

    /// - Parameter document: a whole schema: an object or a boolean.
    /// - Throws: `SchemaError` for an unknown keyword, a malformed value of a known one, a reference that leads nowhere,
    ///   outside or round in a circle.
    package init(_ document: JSONValue) throws(SchemaError) {
        var compiler = SchemaCompiler()
        root = try compiler.compile(document)
        targets = try compiler.resolveReferences()
    }

    /// Everything that is wrong with the value; nothing when it is valid.
    ///
    /// - Parameter limit: how many violations are described. The others are only counted.
    package func validate(_ instance: JSONValue, limit: Int = 64) -> Violations {
        // Most values are valid, and a verdict costs less than an explanation.
        var verdict = Evaluation(targets: targets, purpose: .verdict)
        verdict.apply(root, to: instance)
        guard !verdict.violations.isEmpty else { return verdict.violations }
        var explanation = Evaluation(targets: targets, purpose: .explanation(limit: limit))
        explanation.apply(root, to: instance)
        return explanation.violations
    }
}

/// Why a document is not a schema that this validator understands, and where.
package struct SchemaError: Error, Sendable, CustomStringConvertible {
    /// JSON pointer into the schema document: the keyword's place.
    package let location: String
    package let keyword: String
    package let reason: String

    package var description: String { "schema keyword \"\(keyword)\" at \"\(location)\": \(reason)" }
}
