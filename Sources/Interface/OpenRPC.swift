package import JSON
import JSONRPC

/// This process as an OpenRPC 1.4 document (https://spec.open-rpc.org): the answer to `rpc.discover`.
///
/// A definition of the same name is the same in every schema file, so each becomes one component, and a generator makes
/// one type `Customer` of it.
///
/// - Parameter version: the version of the process, such as `1.0.0`.
package func openRPCDocument(of service: ServiceDescription, version: String) -> JSONValue {
    [
        "openrpc": "1.4.1",
        "info": [
            "title": "stripe-customers",
            "description": "Stripe customers for the users of a backend, as JSON-RPC 2.0 over stdin and stdout.",
            "version": .string(version),
        ],
        // Without a server a reader assumes one at localhost.
        "servers": [["name": "stdio", "url": "stdio:stripe-customers", "summary": "A child process of the host."]],
        "methods": .array(service.methods.map(openRPCMethod)),
        "components": ["schemas": .object(components(of: service)), "errors": .object(errorComponents())],
        "x-transport": [
            "type": "stdio", "framing": "one JSON text a line, ended by \\n", "encoding": "utf-8",
            "maxLineBytes": .number(JSONNumber(WireLimits.lineBytes)),
            "maxDepth": .number(JSONNumber(JSONValue.maximumDepth)),
            "maxBatchSize": .number(JSONNumber(Incoming.maximumBatchCount)),
            "maxBatchAnswerBytes": .number(JSONNumber(WireLimits.batchAnswerBytes)),
            "maxIdBytes": .number(JSONNumber(RequestID.maximumLength)),
        ],
        "x-notifications": [
            [
                "name": "$/cancelRequest", "direction": "toServer",
                "description": "Cancels the request with this id, which then answers -32800 if it still could be.",
                "params": [
                    "type": "object", "required": ["id"], "properties": ["id": ["type": ["string", "number"]]],
                ],
            ],
            [
                "name": "$/progress", "direction": "toHost",
                "description": "How far a request is that was given `_meta.progressToken`.",
                "params": [
                    "type": "object", "required": ["token", "value"],
                    "properties": ["token": ["type": ["string", "integer"]], "value": [:]],
                ],
            ],
        ],
    ]
}

private func openRPCMethod(_ method: MethodDeclaration) -> JSONValue {
    let (params, result) = (method.paramsSchema, method.resultSchema)
    let errors = method.errors + ErrorKind.allCases.filter(\.mayBeOfAnyMethod)
    return [
        "name": .string(method.name),
        "summary": .string(method.summary),
        "description": .string(method.description),
        "tags": .array(([method.group.rawValue] + method.tags).map { ["name": .string($0)] }),
        "paramStructure": "by-name",
        "params": .array(contentDescriptors(of: params)),
        "result": contentDescriptor(
            result["title"]?.string ?? method.name, inComponents(result), describedBy: result, required: nil),
        "errors": .array(errors.map { ["$ref": .string("#/components/errors/\($0.rawValue)")] }),
        "examples": [examplePairing(method)],
    ]
}

/// The members of a params schema, the required ones first, as OpenRPC demands.
private func contentDescriptors(of params: JSONValue) -> [JSONValue] {
    let required = params["required"]?.array?.compactMap(\.string) ?? []
    let all = (params["properties"]?.object?.members ?? []).map { member in
        let isRequired = required.contains { sameCodePoints($0, member.name) }
        let described = definition(of: member.value, in: params)
        let descriptor = contentDescriptor(
            member.name, inComponents(member.value), describedBy: described, required: isRequired)
        return (isRequired, descriptor)
    }
    return all.filter(\.0).map(\.1) + all.filter { !$0.0 }.map(\.1)
}

private func contentDescriptor(
    _ name: String, _ schema: JSONValue, describedBy described: JSONValue, required: Bool?
) -> JSONValue {
    var descriptor: JSONObject = ["name": .string(name)]
    descriptor["description"] = described["description"]
    descriptor["required"] = required.map { .bool($0) }
    descriptor["schema"] = schema
    return .object(descriptor)
}

private func examplePairing(_ method: MethodDeclaration) -> JSONValue {
    [
        "name": .string(method.name),
        "params": .array(method.example.params.members.map { ["name": .string($0.name), "value": $0.value] }),
        "result": ["name": "result", "value": method.example.result],
    ]
}

// MARK: - Components

private let definitionPrefix = "#/$defs/"

private func components(of service: ServiceDescription) -> JSONObject {
    var schemas: JSONObject = [:]
    for method in service.methods {
        for file in [method.paramsSchema, method.resultSchema] {
            for definition in file["$defs"]?.object?.members ?? [] where schemas[definition.name] == nil {
                schemas[definition.name] = inComponents(definition.value)
            }
        }
    }
    return schemas
}

private func errorComponents() -> JSONObject {
    JSONObject(
        ErrorKind.allCases.map { kind in
            let data: JSONValue = ["type": .string(kind.rawValue), "retryable": .bool(kind.isRetryable)]
            return .init(
                kind.rawValue,
                ["code": .number(JSONNumber(kind.code)), "message": .string(kind.message), "data": data])
        })
}

/// The schema itself where it has a description of its own, else the definition that it refers to.
private func definition(of schema: JSONValue, in file: JSONValue) -> JSONValue {
    guard schema["description"] == nil, let reference = schema["$ref"]?.string, reference.hasPrefix(definitionPrefix)
    else { return schema }
    return file["$defs"]?[String(reference.dropFirst(definitionPrefix.count))] ?? schema
}

/// The schema of a file as a part of the document: its references lead to the components, and what only a file of its
/// own needs is left out.
private func inComponents(_ schema: JSONValue) -> JSONValue {
    switch schema {
    case .array(let items): return .array(items.map(inComponents))
    case .object(let object):
        let members = object.members.compactMap { member -> JSONObject.Member? in
            if member.name == "$schema" || member.name == "$defs" { return nil }
            if member.name == "$ref", let reference = member.value.string, reference.hasPrefix(definitionPrefix) {
                let name = reference.dropFirst(definitionPrefix.count)
                return .init("$ref", .string("#/components/schemas/\(name)"))
            }
            return .init(member.name, inComponents(member.value))
        }
        return .object(JSONObject(members))
    case .null, .bool, .number, .string: return schema
    }
}
