package import Interface
import CClients

/// The client for Python: `Sources/CClients/runtime.py` with the types, errors and methods of this version.
package func pythonClient(of service: ServiceDescription, version: String) -> String {
    let interface = ClientInterface(service)
    let template = Array(UnsafeBufferPointer(start: CClientsPython.bytes, count: CClientsPython.size))
    return filled(
        template, version: version,
        [
            "types": interface.declarations.map(typedDict).joined(separator: "\n\n\n"),
            "errors": errorClasses(interface),
            "leavable": leavable(interface),
            "methods": interface.methods.map { method($0, isAsync: false) }.joined(separator: "\n\n"),
            "async-methods": interface.methods.map { method($0, isAsync: true) }.joined(separator: "\n\n"),
        ])
}

// MARK: - Types

private func typeName(_ type: ClientType) -> String {
    switch type {
    case .any: return "Any"
    case .null: return "None"
    case .boolean: return "bool"
    case .integer: return "int"
    case .number: return "float"
    case .string: return "str"
    case .bytes: return "Union[str, bytes]"
    case .literals(let values): return "Literal[\(values.map { "\"\($0)\"" }.joined(separator: ", "))]"
    case .array(let element): return "List[\(typeName(element))]"
    case .map(let value): return "Dict[str, \(typeName(value))]"
    case .named(let name): return name
    case .union(let forms):
        let names = forms.map(typeName)
        return names.count == 1 ? names[0] : "Union[\(names.joined(separator: ", "))]"
    }
}

/// Python 3.9 has no `NotRequired`: the required fields are in a class of their own, which the other one inherits.
private func typedDict(_ declaration: ClientInterface.Declaration) -> String {
    let required = declaration.fields.filter(\.isRequired)
    let optional = declaration.fields.filter { !$0.isRequired }
    let documentation = docstring(declaration.documentation)
    if required.isEmpty || optional.isEmpty {
        let head = "class \(declaration.name)(TypedDict\(optional.isEmpty ? "" : ", total=False")):"
        return ([head] + documentation + [""] + declaration.fields.flatMap(field)).joined(separator: "\n")
    }
    let base = "_\(declaration.name)Required"
    let head = "class \(declaration.name)(\(base), total=False):"
    return
        (["class \(base)(TypedDict):"] + required.flatMap(field) + ["", "", head] + documentation + [""]
        + optional.flatMap(field)).joined(separator: "\n")
}

private func field(_ field: ClientInterface.Field) -> [String] {
    wrapped(field.documentation, width: 110).map { "    #: " + $0 } + ["    \(field.name): \(typeName(field.type))"]
}

private func docstring(_ text: String) -> [String] {
    var lines = wrapped(text, width: 110).map { "    " + $0 }
    guard let first = lines.first, let last = lines.popLast() else { return [] }
    if lines.isEmpty { return ["    \"\"\"\(first.dropFirst(4))\"\"\""] }
    lines[0] = "    \"\"\"\(first.dropFirst(4))"
    return lines + [last + "\"\"\""]
}

// MARK: - Errors

private func errorClasses(_ interface: ClientInterface) -> String {
    let classes = interface.errors.map { error in
        """
        class \(pascalCase(error.type))(StripeCustomersError):
        \(docstring(error.description).joined(separator: "\n"))

            type = "\(error.type)"
            code = \(error.code)
        """
    }
    let table = interface.errors.map { "    \"\($0.type)\": \(pascalCase($0.type))," }.joined(separator: "\n")
    let safe = interface.methods.filter(\.isSafe).map { "    \"\($0.name)\"," }.joined(separator: "\n")
    return classes.joined(separator: "\n\n\n") + "\n\n\n" + """
        #: The class of each `data.type`.
        ERRORS: Dict[str, Type[StripeCustomersError]] = {
        \(table)
        }

        #: The methods that promise to have one effect however often they are called.
        _SAFE = frozenset([
        \(safe)
        ])
        """
}

/// The paths in the params of each method at which `None` says nothing.
private func leavable(_ interface: ClientInterface) -> String {
    let methods = interface.methods.compactMap { method -> String? in
        let paths = interface.leavable(method.params)
        guard !paths.isEmpty else { return nil }
        let items = wrapped(paths.map { "\"\($0)\"," }, width: 104).map { "        " + $0 }.joined(separator: "\n")
        return "    \"\(method.name)\": frozenset([\n\(items)\n    ]),"
    }
    return "_LEAVABLE: Dict[str, FrozenSet[str]] = {\n\(methods.joined(separator: "\n"))\n}"
}

// MARK: - Methods

private func method(_ method: ClientInterface.Method, isAsync: Bool) -> String {
    let required = method.params.filter(\.isRequired).map { "\(argument($0)): \(typeName($0.type))" }
    let optional = method.params.filter { !$0.isRequired }.map { field in
        field.type.isNullable
            ? "\(argument(field)): \(typeName(field.type)) = OMITTED"
            : "\(argument(field)): Optional[\(typeName(field.type))] = None"
    }
    let terms = [
        "meta: Optional[Meta] = None", "timeout: Optional[float] = None", "retry: Optional[bool] = None",
        "on_progress: Optional[Callable[[Any], None]] = None",
    ]
    let arguments = ["self", "*"] + required + optional + terms.dropLast()
    let signature = wrapped(arguments.map { $0 + "," } + terms.suffix(1), width: 108).map { "    " + $0 }.joined(
        separator: "\n")
    let params = method.params.map { "\"\($0.name)\": \(argument($0))" }.joined(separator: ", ")
    let body = wrapped("{\(params)}, meta=meta, timeout=timeout, retry=retry, on_progress=on_progress)", width: 104)
    let documentation = docstring(method.summary + " " + method.description)
    let explained = method.params.flatMap { param in
        wrapped("\(argument(param)): \(param.documentation)", width: 108).enumerated()
            .map { ($0.offset == 0 ? "    " : "        ") + $0.element }
    }
    var lines = documentation
    if !explained.isEmpty, let last = lines.popLast() {
        lines += [String(last.dropLast(3)), ""] + explained + ["    \"\"\""]
    }
    return """
        \(isAsync ? "async " : "")def \(snakeCase(methodName(method.name)))(
        \(signature)
        ) -> \(typeName(method.result)):
        \(lines.joined(separator: "\n"))
            result: \(typeName(method.result)) = \(isAsync ? "await " : "")self.call(
                "\(method.name)",
        \(body.map { "        " + $0 }.joined(separator: "\n"))
            return result
        """
}

/// The name of the argument for a field.
private func argument(_ field: ClientInterface.Field) -> String {
    let name = snakeCase(field.name)
    // The keywords that a field has, or may well have one day (https://docs.python.org/3/reference/lexical_analysis.html).
    return ["from", "import", "class", "global", "in", "is", "not", "with", "as"].contains(name) ? name + "_" : name
}
