import JSON

/// One walk of a schema over a value: where it is in both, and what it has found wrong so far.
struct Evaluation {
    enum Purpose {
        /// Whether there is a violation at all; the walk ends at the first, and nothing is described.
        case verdict
        /// All violations counted and this many described.
        case explanation(limit: Int)
    }

    /// One token of a JSON pointer.
    enum Step {
        case name(String)
        case index(Int)
    }

    private let targets: [Subschema]
    private let purpose: Purpose
    private var instancePath: [Step] = []
    private var keywordPath: [Step] = []
    private(set) var violations = Violations()

    init(targets: [Subschema], purpose: Purpose) {
        self.targets = targets
        self.purpose = purpose
    }

    /// The schema that a reference points to.
    func target(of reference: Reference) -> Subschema { targets[reference.index] }

    /// JSON pointer to the value under examination.
    var instanceLocation: String { Self.pointer(instancePath, name: quotable) }

    // MARK: Walking

    mutating func apply(_ subschema: Subschema, to instance: JSONValue) {
        switch subschema {
        case .always: break
        case .never: report(nil, "is not allowed")
        case .keywords(let keywords):
            for keyword in keywords {
                guard !isSettled else { return }
                keyword.evaluate(instance, in: &self)
            }
        }
    }

    /// Applies a keyword's subschema to the instance or, with `child`, to a member or an item of it.
    ///
    /// - Parameter entry: which of the keyword's subschemas it is when there are several.
    mutating func apply(
        _ subschema: Subschema, to instance: JSONValue, of keyword: String, _ entry: Step? = nil, at child: Step? = nil
    ) {
        guard !isSettled else { return }
        guard case .explanation = purpose else { return apply(subschema, to: instance) }
        keywordPath.append(.name(keyword))
        if let entry { keywordPath.append(entry) }
        if let child { instancePath.append(child) }
        apply(subschema, to: instance)
        if child != nil { instancePath.removeLast() }
        keywordPath.removeLast(entry == nil ? 1 : 2)
    }

    /// Whether the value is valid by the subschema, without reporting anything.
    func accepts(_ instance: JSONValue, by subschema: Subschema) -> Bool {
        var verdict = Evaluation(targets: targets, purpose: .verdict)
        verdict.apply(subschema, to: instance)
        return verdict.violations.isEmpty
    }

    /// What the subschema finds wrong, without reporting it.
    ///
    /// - Parameter described: how many violations are described.
    func findings(
        _ subschema: Subschema, on instance: JSONValue, of keyword: String, _ entry: Step? = nil, described: Int
    ) -> Violations {
        var fork = Evaluation(targets: targets, purpose: isExplaining ? .explanation(limit: described) : .verdict)
        fork.instancePath = instancePath
        fork.keywordPath = keywordPath
        fork.apply(subschema, to: instance, of: keyword, entry)
        return fork.violations
    }

    // MARK: Reporting

    /// Nothing that is still to come can change the verdict.
    private var isSettled: Bool { if case .verdict = purpose { !violations.isEmpty } else { false } }

    /// Whether a report would be read by anybody.
    var isExplaining: Bool { if case .explanation = purpose { true } else { false } }

    private var limit: Int { if case .explanation(let limit) = purpose { limit } else { 0 } }

    /// How many more violations will be described.
    var room: Int { limit - violations.list.count }

    /// Reports a violation of the keyword here (`nil`: of the schema `false`) or, with `child`, at a member.
    mutating func report(
        _ keyword: String?, at child: Step? = nil, params: @autoclosure () -> JSONObject = JSONObject(),
        _ error: @autoclosure () -> String
    ) {
        violations.add(
            limit: limit,
            Violation(
                instanceLocation: Self.pointer(instancePath + (child.map { [$0] } ?? []), name: quotable),
                keywordLocation: Self.pointer(keywordPath + (keyword.map { [.name($0)] } ?? [])),
                keyword: keyword ?? "false", params: params(), error: error()))
    }

    mutating func report(_ findings: Violations) { violations.add(limit: limit, findings) }

    private static func pointer(_ steps: [Step], name shown: (String) -> String = { $0 }) -> String {
        steps.reduce(JSONPointer.root) { pointer, step in
            switch step {
            case .name(let name): pointer.appending(shown(name))
            case .index(let index): pointer.appending(index)
            }
        }.description
    }
}
