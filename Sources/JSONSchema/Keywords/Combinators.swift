import JSON

// Core, section 10.2: keywords that apply schemas to the same value.

/// `allOf`.
struct AllOf: Keyword {
    let inPlace: [Subschema]

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        inPlace = try compiler.subschemas(inArray: site)
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        for (index, schema) in inPlace.enumerated() {
            evaluation.apply(schema, to: instance, of: "allOf", .index(index))
        }
    }
}

/// `anyOf`.
struct AnyOf: Keyword {
    let inPlace: [Subschema]

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        inPlace = try compiler.subschemas(inArray: site)
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard !inPlace.contains(where: { evaluation.accepts(instance, by: $0) }) else { return }
        evaluation.reportClosestForm(of: inPlace, to: instance, "anyOf")
    }
}

/// `oneOf`.
struct OneOf: Keyword {
    let inPlace: [Subschema]

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        inPlace = try compiler.subschemas(inArray: site)
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        let matching = inPlace.indices.filter { evaluation.accepts(instance, by: inPlace[$0]) }
        switch matching.count {
        case 1: return
        case 0: evaluation.reportClosestForm(of: inPlace, to: instance, "oneOf")
        default:
            let words =
                matching.dropLast().map(String.init).joined(separator: ", ") + " and \(matching[matching.count - 1])"
            evaluation.report(
                "oneOf", params: ["matching": .array(matching.map { .number(JSONNumber($0)) })],
                "matches forms \(words); exactly one is allowed")
        }
    }
}

/// `not`. The description of what it excludes says so in words.
struct Not: Keyword {
    private let schema: Subschema
    private let words: String?

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        schema = try compiler.subschema(of: site)
        words = site.value.object.flatMap(nounPhrase)
    }

    var inPlace: [Subschema] { [schema] }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard evaluation.accepts(instance, by: schema) else { return }
        evaluation.report("not", words.map { "must not be \($0)" } ?? "is of the form that \"not\" excludes")
    }
}

/// `if` with its `then` and `else`.
struct If: Keyword {
    private let condition: Subschema
    private let then: Subschema?
    private let otherwise: Subschema?

    init?(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        condition = try compiler.subschema(of: site)
        then = if let sibling = site.sibling("then") { try compiler.subschema(of: sibling) } else { nil }
        otherwise = if let sibling = site.sibling("else") { try compiler.subschema(of: sibling) } else { nil }
    }

    var inPlace: [Subschema] { [condition] + [then, otherwise].compactMap(\.self) }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        if evaluation.accepts(instance, by: condition) {
            if let then { evaluation.apply(then, to: instance, of: "then") }
        } else if let otherwise {
            evaluation.apply(otherwise, to: instance, of: "else")
        }
    }
}

/// `then` and `else`, which `if` takes into account and which mean nothing without it.
struct IfBranch: Keyword {
    init?(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        if site.sibling("if") == nil { _ = try compiler.subschema(of: site) }
        return nil
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {}
}
