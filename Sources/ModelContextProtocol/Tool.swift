import Interface
import JSON
import JSONSchema

/// One method of the service as a tool.
struct Tool: Sendable {
    let name: String
    let isDestructive: Bool
    /// As `tools/list` has it.
    let description: JSONValue
    let method: Method
    private let schema: Schema?
    /// Whether the result is no object, or not always, and stands under `result` in the structured content, which has
    /// to be an object.
    private let isWrapped: Bool

    init(_ method: Method, _ declaration: MethodDeclaration, schema: Schema?) {
        let isReadOnly = declaration.effect.isReading
        let result = declaration.resultSchema
        let isWrapped = !Self.isObject(result)
        name = method.name
        isDestructive = declaration.effect.isDestructive
        description = [
            "name": .string(method.name),
            "title": .string(Self.withoutPeriod(declaration.summary)),
            "description": .string("\(declaration.summary) \(declaration.description)"),
            "inputSchema": Self.inputSchema(declaration.paramsSchema),
            "outputSchema": isWrapped ? Self.wrapped(result) : Self.asObject(result),
            // Every hint is told: a missing destructiveHint would count as true.
            "annotations": [
                "readOnlyHint": .bool(isReadOnly), "destructiveHint": .bool(isDestructive),
                "idempotentHint": .bool(isReadOnly || declaration.isRepeatable), "openWorldHint": true,
            ],
        ]
        self.method = method
        self.schema = schema
        self.isWrapped = isWrapped
    }

    // MARK: - Schemas

    private static func isObject(_ result: JSONValue) -> Bool {
        if let reference = result["$ref"]?.string, let name = reference.split(separator: "/").last {
            return result["$defs"]?[String(name)].map(isObject) ?? false
        }
        return result["type"]?.string == "object"
    }

    /// `_meta` belongs to the request here, not to the arguments.
    private static func inputSchema(_ params: JSONValue) -> JSONValue {
        guard var schema = params.object else { return params }
        if var properties = schema["properties"]?.object {
            properties["_meta"] = nil
            schema["properties"] = .object(properties)
        }
        if var definitions = schema["$defs"]?.object {
            definitions["Meta"] = nil
            schema["$defs"] = definitions.isEmpty ? nil : .object(definitions)
        }
        return .object(schema)
    }

    /// "type" has to be there, also beside a reference.
    private static func asObject(_ result: JSONValue) -> JSONValue {
        guard var schema = result.object else { return result }
        schema["type"] = "object"
        return .object(schema)
    }

    private static func wrapped(_ result: JSONValue) -> JSONValue {
        guard var inner = result.object else { return result }
        var schema: JSONObject = [
            "type": "object", "required": ["result"], "additionalProperties": false,
        ]
        // References lead from the root.
        for name in ["$schema", "$defs"] {
            schema[name] = inner[name]
            inner[name] = nil
        }
        schema["properties"] = ["result": .object(inner)]
        return .object(schema)
    }

    private static func withoutPeriod(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }

    // MARK: - Calling

    /// What the model can do something about is a result that says so; a defect here is an error of the protocol.
    func call(_ call: Call) async throws(ServiceError) -> JSONValue {
        if let found = schema?.validate(.object(call.params)), found.total > 0 {
            let texts = found.list.prefix(8).map { violation in
                [violation.instanceLocation, violation.error].filter { !$0.isEmpty }.joined(separator: " ")
            }
            return Self.failure("invalid_params: " + texts.joined(separator: "; "))
        }
        let result: JSONValue
        do throws(ServiceError) {
            let progress = ToolProgress()
            var inner = call
            inner.progress = { value in if let next = progress.next(value) { call.progress(next) } }
            result = try await method.call(inner)
        } catch  where error.kind == .internalError {
            throw error
        } catch {
            return Self.failure(error)
        }
        let structured = isWrapped ? ["result": result] : result
        return [
            "resultType": "complete", "content": [["type": "text", "text": .string(structured.description)]],
            "structuredContent": structured, "isError": false,
        ]
    }

    private static func failure(_ error: ServiceError) -> JSONValue {
        var text = "\(error.kind.rawValue): \(error.message)"
        if error.retryable { text += " The same call may succeed later." }
        if !error.details.isEmpty { text += " \(error.details)" }
        return failure(text)
    }

    /// The result of a call that failed, for the model to read.
    static func failure(_ text: String) -> JSONValue {
        ["resultType": "complete", "content": [["type": "text", "text": .string(text)]], "isError": true]
    }
}
