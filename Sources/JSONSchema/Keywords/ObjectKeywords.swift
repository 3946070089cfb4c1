import JSON

// Core, section 10.3.2, and validation, section 6.5.

/// `required`: one violation for each missing member.
struct Required: Keyword {
    private let names: [String]

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        names = try site.names()
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard case .object(let object) = instance else { return }
        for name in names where object[name] == nil {
            evaluation.report(
                "required", params: ["missingProperty": .string(name)], "the member \(quoted(name)) is missing")
        }
    }
}

/// `dependentRequired`: members that another member makes necessary.
struct DependentRequired: Keyword {
    private let dependencies: [(name: String, needed: [String])]

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        var dependencies: [(name: String, needed: [String])] = []
        for member in try site.object().members { dependencies.append((member.name, try site.names(member.value))) }
        self.dependencies = dependencies
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard case .object(let object) = instance else { return }
        for (name, needed) in dependencies where object[name] != nil {
            for missing in needed where object[missing] == nil {
                evaluation.report(
                    "dependentRequired", params: ["property": .string(name), "missingProperty": .string(missing)],
                    "the member \(quoted(missing)) is missing, which \(quoted(name)) needs beside it")
            }
        }
    }
}

/// `properties`: a schema for the member of each name.
struct Properties: Keyword {
    private let schemas: [CodePoints: Subschema]

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        let pairs = try compiler.subschemas(inObject: site).map { (CodePoints($0.name), $0.schema) }
        schemas = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    subscript(_ name: String) -> Subschema? { schemas[CodePoints(name)] }

    var names: [String] { schemas.keys.map(\.string) }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard case .object(let object) = instance else { return }
        for member in object.members {
            guard let schema = self[member.name] else { continue }
            let step = Evaluation.Step.name(member.name)
            evaluation.apply(schema, to: member.value, of: "properties", step, at: step)
        }
    }
}

/// `patternProperties`: a schema for every member whose name matches.
struct PatternProperties: Keyword {
    private let schemas: [(pattern: Pattern, schema: Subschema)]

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        var schemas: [(pattern: Pattern, schema: Subschema)] = []
        for (text, schema) in try compiler.subschemas(inObject: site) {
            schemas.append((try site.pattern(text), schema))
        }
        self.schemas = schemas
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard case .object(let object) = instance else { return }
        for member in object.members {
            for (pattern, schema) in schemas where pattern.matches(member.name) {
                evaluation.apply(
                    schema, to: member.value, of: "patternProperties", .name(pattern.text), at: .name(member.name))
            }
        }
    }
}

/// `additionalProperties`: the schema of every member that neither `properties` nor `patternProperties` names.
struct AdditionalProperties: Keyword {
    private let schema: Subschema
    private let names: [String]
    private let knownNames: Set<CodePoints>
    private let patterns: [Pattern]

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        schema = try compiler.subschema(of: site)
        names = try site.sibling("properties")?.object().members.map(\.name) ?? []
        knownNames = Set(names.map(CodePoints.init))
        var patterns: [Pattern] = []
        if let sibling = site.sibling("patternProperties") {
            for member in try sibling.object().members { patterns.append(try sibling.pattern(member.name)) }
        }
        self.patterns = patterns
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard case .object(let object) = instance else { return }
        for member in object.members {
            guard !knownNames.contains(CodePoints(member.name)), !patterns.contains(where: { $0.matches(member.name) })
            else { continue }
            if case .never = schema {
                refuse(member.name, in: &evaluation)
            } else {
                evaluation.apply(schema, to: member.value, of: "additionalProperties", at: .name(member.name))
            }
        }
    }

    private func refuse(_ name: String, in evaluation: inout Evaluation) {
        evaluation.report(
            "additionalProperties", at: .name(name), params: params(name),
            "unknown member \(quoted(name))\(suggestion(for: name)) \(allowed)")
    }

    private func params(_ name: String) -> JSONObject {
        var params: JSONObject = ["additionalProperty": .string(quotable(name))]
        if let nearest = nearest(name, in: names) { params["suggestion"] = .string(nearest) }
        return params
    }

    private func suggestion(for name: String) -> String {
        nearest(name, in: names).map { "; did you mean \(quoted($0))?" } ?? "."
    }

    private var allowed: String {
        let items = names.map(quoted) + patterns.map { "names that match \($0.text)" }
        return items.isEmpty ? "No members are allowed" : "Allowed: \(listed(items))"
    }
}

/// `propertyNames`: the schema of the names themselves. Its violations are found at the object, and say which name.
struct PropertyNames: Keyword {
    private let schema: Subschema

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        schema = try compiler.subschema(of: site)
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard case .object(let object) = instance else { return }
        for member in object.members {
            let findings = evaluation.findings(
                schema, on: .string(member.name), of: "propertyNames", described: evaluation.room)
            evaluation.report(
                findings.map { violation in
                    var params = violation.params
                    params["propertyName"] = .string(quotable(member.name))
                    return Violation(
                        instanceLocation: violation.instanceLocation, keywordLocation: violation.keywordLocation,
                        keyword: violation.keyword, params: params,
                        error: "the member name \(quoted(member.name)) \(violation.error)")
                })
        }
    }
}
