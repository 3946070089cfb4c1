import CSchemas
package import JSON

/// What every method takes and answers, as JSON Schema 2020-12: the files of the folder `schemas/`, compiled in.
///
/// `<method>.params.json` and `<method>.result.json` describe one method each and stand alone: an outside program can
/// validate with one file. `meta.json` is `params._meta`, and each params schema holds a copy of it, `policy.json` the access policy, `methods.json` what people
/// and generated clients need to know about each method, `errors.json` the kinds of errors.
package enum Schemas {
    /// The files with their bytes as they lie in the folder, in the order of their names.
    package static let files: [(name: String, bytes: [UInt8])] = (0..<CSchemasFileCount()).map { position in
        let file = CSchemasFileAt(position)
        return (String(cString: file.name), Array(UnsafeBufferPointer(start: file.bytes, count: file.size)))
    }

    /// The names of all methods in the order of `methods.json`.
    package static let methods: [String] = methodTable.compactMap { $0["name"]?.string }

    /// The schema of the method's params, `nil` when there is no such method.
    package static func params(_ method: String) -> JSONValue? { schema(of: method, "params") }

    /// The schema of the method's result, `nil` when there is no such method.
    package static func result(_ method: String) -> JSONValue? { schema(of: method, "result") }

    /// The schema of `params._meta`.
    package static let meta: JSONValue = document("meta.json") ?? [:]

    /// The schema of the file that `--policy` names.
    package static let policy: JSONValue = document("policy.json") ?? [:]

    /// One object for each method: `name`, `group`, `summary`, `description`, `tags` (`readOnly`, `destructive`,
    /// `idempotent`), `errors` (types that not every method may answer), `bytes` (params
    /// that a client takes as bytes too, since that is how a host gets them) and an `example` of params and result.
    package static let methodTable: [JSONValue] = document("methods.json")?.array ?? []

    /// One object for each kind of error: `type`, `code`, `message`, `retryable` (as a rule), `anyMethod` (whether
    /// every method may answer it) and `description`.
    package static let errors: [JSONValue] = document("errors.json")?.array ?? []

    /// The tree of one file. `nil` for a name that is not in the folder; that each file is strict JSON is tested.
    static func document(_ name: String) -> JSONValue? {
        guard let file = files.first(where: { sameCodePoints($0.name, name) }) else { return nil }
        return try? JSONValue(parsing: file.bytes)
    }

    private static func schema(of method: String, _ part: String) -> JSONValue? {
        document("\(method).\(part).json")
    }
}
