package import Interface
import CClients

/// The client for Node: `Sources/CClients/runtime.mjs` with the errors and methods of this version.
package func nodeClient(of service: ServiceDescription, version: String) -> String {
    javaScriptClient(of: service, version: version, isTyped: false)
}

/// The same with types for TypeScript, which only have to be erased (`--erasableSyntaxOnly`), so that Node can run it.
package func typeScriptClient(of service: ServiceDescription, version: String) -> String {
    javaScriptClient(of: service, version: version, isTyped: true)
}

/// The runtime has its types as comments, in the syntax of Flow (https://flow.org/en/docs/types/comments/): `/*: T */`
/// stands for `: T`, and what is in `/*:: … */` for itself. So one file is both, and runs as it lies there.
private func javaScriptClient(of service: ServiceDescription, version: String, isTyped: Bool) -> String {
    let interface = ClientInterface(service)
    let template = Array(UnsafeBufferPointer(start: CClientsJavaScript.bytes, count: CClientsJavaScript.size))
    let text = filled(
        template, version: version,
        [
            "types": isTyped ? typeDeclarations(interface) : "",
            "errors": errorClasses(interface),
            "methods": interface.methods.map(method).joined(separator: "\n\n"),
        ])
    return typeComments(in: text, areTypes: isTyped)
}

private func typeComments(in text: String, areTypes: Bool) -> String {
    var result = ""
    var rest = Substring(text)
    while let start = rest.firstRange(of: "/*:"), let end = rest[start.upperBound...].firstRange(of: "*/") {
        result += rest[..<start.lowerBound]
        let content = rest[start.upperBound..<end.lowerBound]
        rest = rest[end.upperBound...]
        let isWhole = content.hasPrefix(":")
        if areTypes {
            if !isWhole, result.hasSuffix(" ") { result.removeLast() }
            let type = isWhole ? content.dropFirst() : ":" + content
            result += trimmed(type, isWhole: isWhole)
        } else if !isWhole || !content.contains("\n") {
            // `f(a /*: T */, b)` becomes `f(a, b)`.
            if result.hasSuffix(" ") { result.removeLast() }
        } else {
            rest = rest.drop { $0 == "\n" }
        }
    }
    return result + rest
}

/// The content of a comment without the white space around it. A comment can't stand in a comment: in the template
/// those of fields are lines, which become documentation here.
private func trimmed(_ type: some StringProtocol, isWhole: Bool) -> String {
    var text = String(type)
    while text.hasSuffix(" ") || text.hasSuffix("\n") { text.removeLast() }
    guard isWhole else { return text }
    let lines = text.drop { $0 == "\n" || $0 == " " }.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.map { $0.hasPrefix("  // ") ? "  /** \($0.dropFirst(5)) */" : String($0) }.joined(separator: "\n")
}

// MARK: - Types

private func typeName(_ type: ClientType) -> String {
    switch type {
    case .any: return "unknown"
    case .null: return "null"
    case .boolean: return "boolean"
    case .integer, .number: return "number"
    case .string: return "string"
    case .bytes: return "string | Uint8Array | ArrayBuffer"
    case .literals(let values): return values.map { "'\($0)'" }.joined(separator: " | ")
    case .array(let element):
        let name = typeName(element)
        return name.contains(" ") ? "Array<\(name)>" : name + "[]"
    case .map(let value): return "Record<string, \(typeName(value))>"
    case .named(let name): return name
    case .union(let forms): return forms.map(typeName).joined(separator: " | ")
    }
}

private func typeDeclarations(_ interface: ClientInterface) -> String {
    let results = interface.declarations.map {
        typeDeclaration($0.name, $0.documentation, $0.fields, isOpen: $0.isOpen)
    }
    let params = interface.methods.map {
        typeDeclaration($0.paramsName, "What `\(methodName($0.name))` takes.", $0.params, isOpen: false)
    }
    return (results + params).joined(separator: "\n\n")
}

private func typeDeclaration(
    _ name: String, _ documentation: String, _ fields: [ClientInterface.Field], isOpen: Bool
) -> String {
    let members = fields.flatMap { field in
        documentationComment(field.documentation).map { "  " + $0 }
            // A host writes `name: user.name` where it may have none, under `exactOptionalPropertyTypes` too.
            + [
                "  \(field.name)\(field.isRequired ? ":" : "?:") \(typeName(field.type))\(field.isRequired ? "" : " | undefined")"
            ]
    }
    let open = isOpen ? ["  [field: string]: unknown"] : []
    // An interface without members would take anything, a wrong field too.
    guard !members.isEmpty || isOpen else {
        return (documentationComment(documentation) + ["export type \(name) = Record<string, never>"]).joined(
            separator: "\n")
    }
    return (documentationComment(documentation) + ["export interface \(name) {"] + members + open + ["}"])
        .joined(separator: "\n")
}

private func documentationComment(_ text: String) -> [String] {
    let lines = wrapped(text, width: 110)
    return lines.count <= 1 ? lines.map { "/** \($0) */" } : ["/**"] + lines.map { " * " + $0 } + [" */"]
}

// MARK: - Errors and methods

private func errorClasses(_ interface: ClientInterface) -> String {
    let classes = interface.errors.map { error in
        "/** \(error.description) (\(error.code)) */\n"
            + "export class \(pascalCase(error.type)) extends StripeCustomersError {}"
    }
    let table = interface.errors.map { "  \($0.type): \(pascalCase($0.type))," }.joined(separator: "\n")
    let safe = interface.methods.filter(\.isSafe).map { "  '\($0.name)'," }.joined(separator: "\n")
    return classes.joined(separator: "\n\n") + "\n\n" + """
        /** The class of each `data.type`. */
        const errors /*: Record<string, typeof StripeCustomersError> */ = {
        \(table)
        }

        /** The methods that promise to have one effect however often they are called. */
        const safe /*: ReadonlySet<string> */ = new Set([
        \(safe)
        ])
        """
}

private func method(_ method: ClientInterface.Method) -> String {
    var documentation = wrapped(method.summary + " " + method.description, width: 110)
    if !method.params.isEmpty { documentation += [""] }
    for param in method.params {
        let name = param.isRequired ? "params.\(param.name)" : "[params.\(param.name)]"
        documentation += wrapped("@param \(name) \(param.documentation)", width: 110)
    }
    let initial = method.params.contains(where: \.isRequired) ? "" : " = {}"
    let result = typeName(method.result)
    return """
        /**
        \(documentation.map { $0.isEmpty ? " *" : " * " + $0 }.joined(separator: "\n"))
         */
        \(methodName(method.name))(params /*: \(method.paramsName) */\(initial), options /*: CallOptions */ = {}) \
        /*: Promise<\(result)> */ {
          return this.call('\(method.name)', params, options) /*:: as Promise<\(result)> */
        }
        """
}
