import JSON

/// Walks a schema document, compiles every schema in it, and afterwards finds the targets of the references.
struct SchemaCompiler {
    private var subschemas: [CodePoints: Subschema] = [:]
    private var references: [(site: KeywordSite, pointer: String)] = []

    mutating func compile(_ document: JSONValue) throws(SchemaError) -> Subschema {
        try subschema(document, at: .root, of: "")
    }

    // MARK: Subschemas, for the keywords that have some

    mutating func subschema(of site: KeywordSite) throws(SchemaError) -> Subschema {
        try subschema(site.value, at: site.location, of: site.name)
    }

    mutating func subschemas(inArray site: KeywordSite) throws(SchemaError) -> [Subschema] {
        let values = try site.array()
        guard !values.isEmpty else { throw site.error("must not be empty") }
        var result: [Subschema] = []
        for (index, value) in values.enumerated() {
            result.append(try subschema(value, at: site.location.appending(index), of: site.name))
        }
        return result
    }

    mutating func subschemas(inObject site: KeywordSite) throws(SchemaError) -> [(name: String, schema: Subschema)] {
        var result: [(name: String, schema: Subschema)] = []
        for member in try site.object().members {
            let location = site.location.appending(member.name)
            result.append((member.name, try subschema(member.value, at: location, of: site.name)))
        }
        return result
    }

    private mutating func subschema(
        _ value: JSONValue, at location: JSONPointer, of keyword: String
    ) throws(SchemaError) -> Subschema {
        let result: Subschema
        switch value {
        case .bool(let bool): result = bool ? .always : .never
        case .object(let object): result = .keywords(try keywords(of: object, at: location))
        default:
            throw SchemaError(
                location: location.description, keyword: keyword, reason: "a schema must be an object or a boolean")
        }
        subschemas[CodePoints(location.description)] = result
        return result
    }

    private mutating func keywords(
        of object: JSONObject, at location: JSONPointer
    ) throws(SchemaError) -> [any Keyword] {
        var result: [any Keyword] = []
        for member in object.members {
            let site = KeywordSite(
                name: member.name, value: member.value, schema: object, schemaLocation: location)
            guard let type = Vocabulary.keywords[CodePoints(member.name)] else {
                throw site.error(Vocabulary.refusal(of: member.name))
            }
            if let keyword = try type.init(site, &self) { result.append(keyword) }
        }
        return result
    }

    // MARK: References

    /// Notes a reference; its target may not be compiled yet.
    ///
    /// - Parameter pointer: JSON pointer into the document.
    /// - Returns: which of the resolved targets will be its own.
    mutating func addReference(_ site: KeywordSite, to pointer: String) -> Int {
        references.append((site, pointer))
        return references.count - 1
    }

    /// The target of every reference, once the whole document is compiled.
    func resolveReferences() throws(SchemaError) -> [Subschema] {
        var targets: [Subschema] = []
        for (site, pointer) in references {
            guard let target = subschemas[CodePoints(pointer)] else {
                throw site.error("\(quoted("#" + pointer)) is no schema in this document")
            }
            targets.append(target)
        }
        try refuseCircles(targets)
        return targets
    }

    /// A circle of references that never goes into the instance would be evaluated for ever.
    private func refuseCircles(_ targets: [Subschema]) throws(SchemaError) {
        enum State { case unseen, open, done }
        var states = Array(repeating: State.unseen, count: targets.count)
        func visit(_ reference: Int) throws(SchemaError) {
            switch states[reference] {
            case .done: return
            case .open: throw references[reference].site.error("leads back to itself without a step into the value")
            case .unseen: break
            }
            states[reference] = .open
            for next in Self.referencesInPlace(of: targets[reference]) { try visit(next) }
            states[reference] = .done
        }
        for reference in targets.indices { try visit(reference) }
    }

    private static func referencesInPlace(of subschema: Subschema) -> [Int] {
        subschema.keywords.flatMap { keyword in
            (keyword as? Reference).map { [$0.index] } ?? keyword.inPlace.flatMap(referencesInPlace)
        }
    }
}
