package import JSON

/// One method, its types erased: what the server calls.
package struct Method: Sendable {
    package let name: String
    /// Whether it waits for no other call: it has no effect and answers at once.
    package let isOpen: Bool
    /// `nil` for a method of the dialect around the service, such as `tools/list`.
    package let declaration: MethodDeclaration?
    /// For a method that only carries a call of another one (an agent's `tools/call`): which one, and its params. That
    /// other call is what the order of calls and the log are about.
    package let carried: (@Sendable (JSONObject) -> (method: Method, params: JSONObject)?)?
    package let call: @Sendable (Call) async throws(ServiceError) -> JSONValue

    package init(
        _ declaration: MethodDeclaration, call: @escaping @Sendable (Call) async throws(ServiceError) -> JSONValue
    ) {
        name = declaration.name
        isOpen = declaration.isOpen
        self.declaration = declaration
        carried = nil
        self.call = call
    }

    package init(
        name: String, isOpen: Bool = false,
        carried: (@Sendable (JSONObject) -> (method: Method, params: JSONObject)?)? = nil,
        call: @escaping @Sendable (Call) async throws(ServiceError) -> JSONValue
    ) {
        self.name = name
        self.isOpen = isOpen
        declaration = nil
        self.carried = carried
        self.call = call
    }
}
