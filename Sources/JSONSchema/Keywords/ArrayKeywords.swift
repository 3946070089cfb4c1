import JSON

// Core, section 10.3.1, and validation, section 6.4.

/// `prefixItems`: a schema for each of the first items.
struct PrefixItems: Keyword {
    private let schemas: [Subschema]

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        schemas = try compiler.subschemas(inArray: site)
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard case .array(let items) = instance else { return }
        for (index, (item, schema)) in zip(items, schemas).enumerated() {
            evaluation.apply(schema, to: item, of: "prefixItems", .index(index), at: .index(index))
        }
    }
}

/// `items`: the schema of every item after those of `prefixItems`.
struct Items: Keyword {
    private let schema: Subschema
    private let prefix: Int

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        schema = try compiler.subschema(of: site)
        prefix = try site.sibling("prefixItems")?.array().count ?? 0
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard case .array(let items) = instance, items.count > prefix else { return }
        if case .never = schema {
            // Once for all of them: it says the same as `maxItems`.
            evaluation.report(
                "items", params: ["limit": .number(JSONNumber(prefix)), "actual": .number(JSONNumber(items.count))],
                "has \(counted(items.count, "item")); \(atMost(prefix))")
            return
        }
        for index in prefix..<items.count {
            evaluation.apply(schema, to: items[index], of: "items", at: .index(index))
        }
    }
}

/// `uniqueItems`, in a time that grows with the array and not with its square.
struct UniqueItems: Keyword {
    init?(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        guard try site.bool() else { return nil }
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard case .array(let items) = instance else { return }
        var positions: [JSONValue: Int] = [:]
        for (index, item) in items.enumerated() {
            guard let first = positions.updateValue(index, forKey: item) else { continue }
            evaluation.report(
                "uniqueItems",
                params: ["first": .number(JSONNumber(first)), "second": .number(JSONNumber(index))],
                "items \(first) and \(index) are equal; all must differ")
            return
        }
    }
}

/// `contains` with its `minContains` and `maxContains`.
struct Contains: Keyword {
    private let schema: Subschema
    private let minimum: Int?
    private let maximum: Int?

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        schema = try compiler.subschema(of: site)
        minimum = try site.sibling("minContains")?.size()
        maximum = try site.sibling("maxContains")?.size()
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard case .array(let items) = instance else { return }
        let actual = items.count { evaluation.accepts($0, by: schema) }
        let needed = minimum ?? 1
        if actual < needed {
            report(minimum == nil ? "contains" : "minContains", needed, actual, atLeast(needed), in: &evaluation)
        }
        if let maximum, actual > maximum { report("maxContains", maximum, actual, atMost(maximum), in: &evaluation) }
    }

    private func report(
        _ keyword: String, _ limit: Int, _ actual: Int, _ rule: String, in evaluation: inout Evaluation
    ) {
        evaluation.report(
            keyword, params: ["limit": .number(JSONNumber(limit)), "actual": .number(JSONNumber(actual))],
            "has \(counted(actual, "item")) of the form in \"contains\"; \(rule)")
    }
}

/// `minContains` and `maxContains`, which `contains` takes into account and which mean nothing without it.
struct ContainsLimit: Keyword {
    init?(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        _ = try site.size()
        return nil
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {}
}
