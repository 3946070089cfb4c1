package import JSON

/// All that is said of a method: what a host reads about it, and what the process needs to know to treat it rightly.
///
/// The schemas, the OpenRPC document, the clients, the tools, the policy's words, the audit log and the order of calls are
/// derived from it, so nothing of a method is said twice.
package struct MethodDeclaration: Sendable {
    package enum Group: String, Sendable { case customers, users, process }

    package struct Example: Sendable {
        let params: JSONObject
        let result: JSONValue

        package init(params: JSONObject, result: JSONValue) {
            self.params = params
            self.result = result
        }
    }

    package let name: String
    package let group: Group
    package let effect: Effect
    /// The members by which a call names whom it is about; empty: everybody, or nobody.
    package let about: [Subject.Member]
    /// Whether the same call may be sent again after its outcome got lost.
    package let isRepeatable: Bool
    /// Whether anybody may call it at any time: it tells about the process and about nobody, and waits for no other call.
    package let isOpen: Bool
    /// Whether it is of use to an agent.
    package let isTool: Bool
    /// Whether a `*` in a role leaves it out under the scope `self`: it undoes what the host has decided.
    package let mustBeNamed: Bool
    package let summary: String
    package let description: String
    /// Without `_meta`, which every method takes.
    package let params: [Field]
    package let result: Shape
    /// Those that not every method may answer.
    package let errors: [ErrorKind]
    package let example: Example

    package init(
        name: String, group: Group, effect: Effect, about: [Subject.Member] = [], isRepeatable: Bool = true,
        isOpen: Bool = false, isTool: Bool = true, mustBeNamed: Bool = false, summary: String, description: String,
        params: [Field], result: Shape, errors: [ErrorKind], example: Example
    ) {
        self.name = name
        self.group = group
        self.effect = effect
        self.about = about
        self.isRepeatable = isRepeatable
        self.isOpen = isOpen
        self.isTool = isTool
        self.mustBeNamed = mustBeNamed
        self.summary = summary
        self.description = description
        self.params = params
        self.result = result
        self.errors = errors
        self.example = example
    }
}

/// What a call of a method does to the world.
package enum Effect: Sendable {
    case reads
    /// Only reads, but gives everything away that is held about somebody: recorded like a change.
    case reveals
    case changesHere
    /// The change is at Stripe alone, at least at times.
    case changesAtStripe
    /// What can't be undone, here. What follows from it at Stripe is completed after a kill too.
    case destroysHere
    case destroysAtStripe

    package var isReading: Bool { self == .reads || self == .reveals }
    package var isDestructive: Bool { self == .destroysHere || self == .destroysAtStripe }
    /// Whether the audit log has its failures and refusals too.
    package var isAudited: Bool { self != .reads }
    /// Whether it is noted on disk before Stripe is called, so that a kill in between leaves a trace.
    package var isNotedBefore: Bool { self == .changesAtStripe || self == .destroysAtStripe }
}

// MARK: - What is published of it

extension MethodDeclaration {
    /// `<name>.params.json`
    package var paramsSchema: JSONValue {
        Shape.fields(params + [.optional("_meta", .meta)]).described("What `\(name)` takes.")
            .examples(.object(example.params)).document(title: title + "Params")
    }

    /// `<name>.result.json`
    package var resultSchema: JSONValue { result.document(title: title + "Result") }

    /// What programs may know of its effect.
    package var tags: [String] {
        if effect.isReading { return ["readOnly"] }
        return (effect.isDestructive ? ["destructive"] : []) + (isRepeatable ? ["idempotent"] : [])
    }

    /// Params that a client takes as bytes too.
    package var bytes: [String] { params.filter(\.isBytes).map(\.name) }

    /// Its entry in `methods.json`.
    package var json: JSONValue {
        var entry: JSONObject = [
            "name": .string(name), "group": .string(group.rawValue), "summary": .string(summary),
            "description": .string(description), "tags": Self.list(tags),
        ]
        if !bytes.isEmpty { entry["bytes"] = Self.list(bytes) }
        entry["errors"] = Self.list(errors.map(\.rawValue))
        entry["example"] = ["params": .object(example.params), "result": example.result]
        return .object(entry)
    }

    /// `rpc.discover` is `RpcDiscover` where types are named.
    private var title: String {
        name.split(separator: ".").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    private static func list(_ names: [String]) -> JSONValue { .array(names.map { .string($0) }) }
}
