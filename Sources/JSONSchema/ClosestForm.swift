import JSON

// A value that fits none of several forms is explained by the one that its author most likely meant. To explain all
// of them would bury the mistake under what is wrong with forms that nobody had in mind.

extension Evaluation {
    /// Reports that no form fits, and then what is wrong with the value as the closest one.
    mutating func reportClosestForm(of forms: [Subschema], to instance: JSONValue, _ keyword: String) {
        guard isExplaining else { return report(keyword, "") }
        let discriminators = discriminators(of: forms)
        var closest: (index: Int, findings: Violations, fit: Fit)?
        for (index, form) in forms.enumerated() {
            // However few the report has room for: the choice between the forms must not hang on that.
            let findings = findings(form, on: instance, of: keyword, .index(index), described: 64)
            let fit = Fit(
                hasType: !findings.list.contains { $0.keyword == "type" && $0.instanceLocation == instanceLocation },
                discriminators: discriminators[index].count { name, values in
                    instance[name.string].map { value in values.allSatisfy { $0.accepts(value) } } ?? false
                },
                violations: findings.total,
                depth: findings.list.map { $0.instanceLocation.utf8.count { $0 == UInt8(ascii: "/") } }.max() ?? 0)
            if let closest, !(closest.fit < fit) { continue }
            closest = (index, findings, fit)
        }
        guard let closest else { return }
        report(
            keyword,
            params: ["forms": .number(JSONNumber(forms.count)), "closest": .number(JSONNumber(closest.index))],
            forms.count == 1
                ? "does not match the only allowed form"
                : "matches none of the \(forms.count) allowed forms; closest is form \(closest.index)")
        report(closest.findings)
    }

    /// How close a form is: the right type of value counts most, then the members that tell the forms apart (`"object":
    /// "customer"`), then how little is wrong, then how deep inside.
    private struct Fit: Comparable {
        let hasType: Bool
        let discriminators: Int
        let violations: Int
        let depth: Int

        static func < (a: Fit, b: Fit) -> Bool {
            if a.hasType != b.hasType { return b.hasType }
            if a.discriminators != b.discriminators { return a.discriminators < b.discriminators }
            if a.violations != b.violations { return a.violations > b.violations }
            return a.depth < b.depth
        }
    }

    private typealias Constrained = [CodePoints: [AllowedValues]]

    /// For each form the members that only have certain values (`const`, `enum`), as far as every form with such members
    /// has them: the others don't tell the forms apart.
    private func discriminators(of forms: [Subschema]) -> [Constrained] {
        let constrained = forms.map(constrainedMembers)
        let shared = constrained.filter { !$0.isEmpty }.map { Set($0.keys) }
        guard let first = shared.first else { return constrained }
        let common = shared.dropFirst().reduce(first) { $0.intersection($1) }
        return constrained.map { $0.filter { common.contains($0.key) } }
    }

    private func constrainedMembers(of form: Subschema) -> Constrained {
        var result: Constrained = [:]
        for case let properties as Properties in flattened(form) {
            for name in properties.names {
                let values = flattened(properties[name] ?? .always).compactMap { $0 as? AllowedValues }
                if !values.isEmpty { result[CodePoints(name), default: []] += values }
            }
        }
        return result
    }

    /// The keywords of a schema with those that `$ref` and `allOf` bring in.
    private func flattened(_ subschema: Subschema) -> [any Keyword] {
        subschema.keywords.flatMap { keyword -> [any Keyword] in
            switch keyword {
            case let reference as Reference: flattened(target(of: reference))
            case let allOf as AllOf: allOf.inPlace.flatMap(flattened)
            default: [keyword]
            }
        }
    }
}
