package import Interface
import JSON
package import JSONRPC
package import JSONSchema

/// Finds the method of a request, takes `_meta` out of its params and holds these against their schema. All faults are told at
/// once, so that a host's developer mends them at once.
package struct Admission: Sendable {
    private struct Entry: Sendable {
        let method: Method
        let schema: Schema?
    }

    private let entries: [CodePoints: Entry]
    private let names: [String]
    private let metaSchema: Schema

    /// - Parameters:
    ///   - paramsSchemas: by method name; a method without one gets its params unchecked.
    ///   - metaSchema: of `params._meta`.
    package init(methods: [Method], paramsSchemas: [String: Schema], metaSchema: Schema) {
        entries = Dictionary(
            methods.map { (CodePoints($0.name), Entry(method: $0, schema: paramsSchemas[$0.name])) },
            uniquingKeysWith: { first, _ in first })
        names = methods.map(\.name)
        self.metaSchema = metaSchema
    }

    package func admit(_ request: Request) throws(ErrorObject) -> AdmittedCall {
        guard let entry = entries[CodePoints(request.method)] else {
            throw .methodNotFound(request.method, suggestion: nearestMethod(request.method, in: names))
        }
        var params: JSONObject
        switch request.params {
        case nil: params = [:]
        case .object(let object)?: params = object
        default:
            throw .invalidParams([
                "violations": [
                    [
                        "instanceLocation": "", "keywordLocation": "/type", "keyword": "type",
                        "error": "params are given by name: an object, not an array",
                    ]
                ],
                "violationCount": 1,
            ])
        }
        let meta = params["_meta"]
        params["_meta"] = nil
        try check(params, against: entry.schema, meta: meta)
        return AdmittedCall(method: entry.method, params: params, meta: CallMeta(meta?.object ?? [:]))
    }

    /// All violations are told at once, of the params and of `_meta`, so that a host's developer fixes them at once.
    private func check(_ params: JSONObject, against schema: Schema?, meta: JSONValue?) throws(ErrorObject) {
        let found = schema?.validate(.object(params))
        var list = found?.list.map { Self.pointingToMeta($0.json) } ?? []
        var total = found?.total ?? 0
        if let meta {
            let violations = metaSchema.validate(meta)
            list += violations.list.map { Self.inMeta($0.json) }
            total += violations.total
        }
        guard total > 0 else { return }
        throw .invalidParams([
            "violations": .array(Array(list.prefix(64))), "violationCount": .number(JSONNumber(total)),
        ])
    }

    /// What is said of a call stands in `_meta`; beside the params it is an unknown member.
    private static func pointingToMeta(_ violation: JSONValue) -> JSONValue {
        guard var object = violation.object, let name = violation["params"]?["additionalProperty"]?.string,
            CallMeta.members.contains(name), object["instanceLocation"]?.string == "/" + name
        else { return violation }
        object["params"] = ["additionalProperty": .string(name), "suggestion": "_meta"]
        object["error"] = .string("unknown member \"\(name)\"; it belongs in _meta: {\"_meta\": {\"\(name)\": …}}")
        return .object(object)
    }

    /// The violation as seen from the params.
    private static func inMeta(_ violation: JSONValue) -> JSONValue {
        guard var object = violation.object, let location = object["instanceLocation"]?.string else { return violation }
        object["instanceLocation"] = .string("/_meta" + location)
        return .object(object)
    }
}
