import Interface
import JSON

/// What a client has to know about this version, read from the schemas: the types, the methods, the errors.
///
/// A definition of the same name is the same in every schema file, so each becomes one type. An object without a name
/// is named after the place where it stands: `HealthResultQueue`.
struct ClientInterface {
    struct Field {
        var name: String
        var documentation: String
        var type: ClientType
        var isRequired: Bool
    }

    /// An object with fields.
    struct Declaration {
        var name: String
        var documentation: String
        var fields: [Field]
        /// Whether there may be further fields.
        var isOpen: Bool
    }

    struct Method {
        var name: String
        var summary: String
        var description: String
        var paramsName: String
        /// Without `_meta`.
        var params: [Field]
        var result: ClientType
        /// Whether it may be sent again after its outcome got lost.
        var isSafe: Bool
    }

    struct ErrorKind {
        var type: String
        var code: Int64
        var description: String
    }

    /// Each after those that it refers to.
    private(set) var declarations: [Declaration] = []
    private(set) var methods: [Method] = []
    private(set) var errors: [ErrorKind] = []

    init(_ service: ServiceDescription) {
        _ = type(of: CallMeta.schema, named: "Meta", in: CallMeta.schema)
        for declaration in service.methods {
            let (params, result) = (declaration.paramsSchema, declaration.resultSchema)
            let paramsName = params["title"]?.string ?? "Params"
            methods.append(
                Method(
                    name: declaration.name, summary: declaration.summary, description: declaration.description,
                    paramsName: paramsName,
                    params: fields(of: params, named: paramsName, in: params, bytes: declaration.bytes)
                        .filter { $0.name != "_meta" },
                    result: type(of: result, named: result["title"]?.string ?? "Result", in: result),
                    isSafe: declaration.effect.isReading || declaration.isRepeatable))
        }
        // The errors of JSON-RPC itself are in no method's list.
        errors =
            [
                ErrorKind(type: "parse_error", code: -32700, description: "The line was no JSON."),
                ErrorKind(type: "invalid_request", code: -32600, description: "The JSON was no request."),
                ErrorKind(type: "method_not_found", code: -32601, description: "There is no such method."),
            ]
            + Interface.ErrorKind.allCases.map {
                ErrorKind(type: $0.rawValue, code: Int64($0.code), description: $0.description)
            }
    }

    /// The paths of what may be left out of a method's params and can't be null, such as `.address.line2`; `.*` stands for
    /// any name, `[]` for any place in a list. A host that has no value there says the same as one that leaves it out.
    func leavable(_ params: [Field]) -> [String] { params.flatMap { leavable($0, below: "") } }

    private func leavable(_ field: Field, below path: String) -> [String] {
        let path = path + "." + field.name
        return (field.isRequired || field.type.isNullable ? [] : [path]) + leavable(field.type, at: path)
    }

    private func leavable(_ type: ClientType, at path: String) -> [String] {
        switch type {
        case .union(let forms): forms.flatMap { leavable($0, at: path) }
        case .array(let element): leavable(element, at: path + "[]")
        case .map(let value): value.isNullable ? [] : [path + ".*"]
        case .named(let name):
            declarations.first { sameCodePoints($0.name, name) }?.fields.flatMap { leavable($0, below: path) } ?? []
        default: []
        }
    }

    // MARK: - Schema to type

    private mutating func type(of schema: JSONValue, named name: String, in file: JSONValue) -> ClientType {
        if let reference = schema["$ref"]?.string, let definitionName = reference.split(separator: "/").last,
            let definition = file["$defs"]?[String(definitionName)]
        {
            return type(of: definition, named: String(definitionName), in: file)
        }
        if let forms = schema["anyOf"]?.array {
            return .union(forms.map { type(of: $0, named: name, in: file) })
        }
        if let constant = schema["const"]?.string { return .literals([constant]) }
        let types = schema["type"]?.array?.compactMap(\.string) ?? [schema["type"]?.string].compactMap(\.self)
        if let values = schema["enum"]?.array {
            let literals = ClientType.literals(values.compactMap(\.string))
            return types.contains("null") ? .union([literals, .null]) : literals
        }
        let forms = types.map { plainType($0, of: schema, named: name, in: file) }
        return forms.isEmpty ? .any : .union(forms)
    }

    private mutating func plainType(
        _ type: String, of schema: JSONValue, named name: String, in file: JSONValue
    ) -> ClientType {
        switch type {
        case "null": return .null
        case "boolean": return .boolean
        case "integer": return .integer
        case "number": return .number
        case "string": return .string
        case "array": return .array(self.type(of: schema["items"] ?? true, named: name + "Item", in: file))
        case "object":
            guard schema["properties"] != nil else {
                guard let values = schema["additionalProperties"]?.object else { return .map(.any) }
                return .map(self.type(of: .object(values), named: name + "Value", in: file))
            }
            declare(schema, named: name, in: file)
            return .named(name)
        default: return .any
        }
    }

    private mutating func declare(_ schema: JSONValue, named name: String, in file: JSONValue) {
        guard !declarations.contains(where: { sameCodePoints($0.name, name) }) else { return }
        let fields = fields(of: schema, named: name, in: file)
        let isOpen = schema["additionalProperties"]?.bool != false
        declarations.append(
            Declaration(
                name: name, documentation: schema["description"]?.string ?? "", fields: fields, isOpen: isOpen))
    }

    /// - Parameter bytes: those that may be bytes.
    private mutating func fields(
        of schema: JSONValue, named name: String, in file: JSONValue, bytes: [String] = []
    ) -> [Field] {
        let required = schema["required"]?.array?.compactMap(\.string) ?? []
        return (schema["properties"]?.object?.members ?? []).map { member in
            let own = member.value["description"]?.string
            let referred = (member.value["$ref"]?.string?.split(separator: "/").last)
                .flatMap { file["$defs"]?[String($0)]?["description"]?.string }
            return Field(
                name: member.name, documentation: own ?? referred ?? "",
                type: bytes.contains(member.name)
                    ? .bytes : type(of: member.value, named: name + pascalCase(member.name), in: file),
                isRequired: required.contains { sameCodePoints($0, member.name) })
        }
    }
}
