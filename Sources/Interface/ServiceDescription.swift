package import JSON

/// What a service offers: its methods in the order in which they are published.
package struct ServiceDescription: Sendable {
    package let methods: [MethodDeclaration]
    private let positions: [CodePoints: Int]

    package init(_ methods: [MethodDeclaration]) {
        self.methods = methods
        positions = Dictionary(
            methods.enumerated().map { (CodePoints($1.name), $0) }, uniquingKeysWith: { first, _ in first })
    }

    package subscript(_ name: String) -> MethodDeclaration? { positions[CodePoints(name)].map { methods[$0] } }

    package var names: [String] { methods.map(\.name) }

    /// What is published of it as files, each of which stands alone; the schema of the policy is added by whoever has it.
    package var files: [(name: String, content: JSONValue)] {
        let schemas = methods.flatMap { method in
            [("\(method.name).params.json", method.paramsSchema), ("\(method.name).result.json", method.resultSchema)]
        }
        return schemas + [
            ("meta.json", CallMeta.schema), ("methods.json", .array(methods.map(\.json))),
            ("errors.json", .array(ErrorKind.allCases.map(\.json))),
        ]
    }
}
