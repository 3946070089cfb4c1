import JSON

// Validation, section 6.2. Numbers are compared exactly, as decimals.

/// `minimum`, `maximum`, `exclusiveMinimum` and `exclusiveMaximum`.
struct NumberLimit: Keyword {
    private enum Bound: String {
        case minimum, maximum, exclusiveMinimum, exclusiveMaximum
    }

    private let bound: Bound
    private let limit: JSONNumber

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        guard let bound = Bound(rawValue: site.name) else { throw site.error("is no limit of a number") }
        self.bound = bound
        limit = try site.number()
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard case .number(let number) = instance else { return }
        let (isWithin, words) =
            switch bound {
            case .minimum: (number >= limit, "at least")
            case .maximum: (number <= limit, "at most")
            case .exclusiveMinimum: (number > limit, "greater than")
            case .exclusiveMaximum: (number < limit, "less than")
            }
        guard !isWithin else { return }
        evaluation.report(bound.rawValue, params: ["limit": .number(limit)], "must be \(words) \(limit.text)")
    }
}

/// `multipleOf`.
struct MultipleOf: Keyword {
    private let divisor: JSONNumber

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        divisor = try site.number()
        guard divisor > JSONNumber(0) else { throw site.error("must be greater than 0") }
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        guard case .number(let number) = instance, !number.isMultiple(of: divisor) else { return }
        evaluation.report(
            "multipleOf", params: ["multipleOf": .number(divisor)], "must be a multiple of \(divisor.text)")
    }
}
