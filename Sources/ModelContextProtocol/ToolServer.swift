package import Interface
import JSON
package import JSONSchema

/// The Model Context Protocol (https://modelcontextprotocol.io/specification) as a second dialect in front of the same
/// methods: it is itself a table of methods (`initialize`, `tools/list`, `tools/call`, …), so lines, JSON-RPC, limits
/// and the end of a session are those of the JSON-RPC server.
///
/// Revisions up to 2025-11-25 begin with `initialize`; that of 2026-07-28 has no handshake, and `server/discover` tells
/// what there is. A client of an older revision ignores the members that the newest one demands.
package struct ToolServer: Sendable {
    /// The revisions that begin with `initialize`, the newest first.
    static let handshakeVersions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
    static let modernVersions = ["2026-07-28"]
    static var supportedVersions: JSONValue { .array((modernVersions + handshakeVersions).map { .string($0) }) }

    private let tools: [Tool]
    private let refused: [Tool]
    private let version: String

    /// - Parameters:
    ///   - methods: those of the service.
    ///   - paramsSchemas: by method name.
    ///   - allowsDestructive: whether there are tools for what can't be undone.
    package init(methods: [Method], paramsSchemas: [String: Schema], allowsDestructive: Bool, version: String) {
        let all = methods.compactMap { method -> Tool? in
            guard let declaration = method.declaration, declaration.isTool else { return nil }
            return Tool(method, declaration, schema: paramsSchemas[method.name])
        }
        tools = all.filter { allowsDestructive || !$0.isDestructive }
        refused = all.filter { !allowsDestructive && $0.isDestructive }
        self.version = version
    }

    /// What the server answers in this dialect.
    package var methods: [Method] {
        [
            Method(name: "initialize", isOpen: true) { call throws(ServiceError) in try initialize(call.params) },
            Method(name: "notifications/initialized", isOpen: true) { _ throws(ServiceError) in .null },
            Method(name: "ping", isOpen: true) { _ throws(ServiceError) in [:] },
            Method(name: "server/discover", isOpen: true) { _ throws(ServiceError) in discover() },
            Method(name: "tools/list", isOpen: true) { _ throws(ServiceError) in list() },
            Method(name: "tools/call", isOpen: true, carried: carried) { outer throws(ServiceError) in
                try await call(outer)
            },
        ]
    }

    // MARK: - What there is

    private var about: JSONValue {
        ["name": "stripe-customers", "title": "Stripe customers", "version": .string(version)]
    }

    private static let instructions: JSONValue =
        "Users of the host and their Stripe customers: each user has exactly one customer. registerUser adds a user and the customer follows; change a linked customer through updateUser. Fields that are left out stay as they are, null unsets them."

    private func initialize(_ params: JSONObject) throws(ServiceError) -> JSONValue {
        guard let wanted = params["protocolVersion"]?.string else {
            throw ServiceError.violation(of: "type", at: "/protocolVersion", "must be a string")
        }
        // "If the server supports the requested protocol version, it MUST respond with the same version. Otherwise, the
        // server MUST respond with another protocol version it supports. This SHOULD be the latest" (lifecycle).
        let chosen = Self.handshakeVersions.first { sameCodePoints($0, wanted) } ?? Self.handshakeVersions[0]
        return [
            "protocolVersion": .string(chosen), "capabilities": ["tools": [:]], "serverInfo": about,
            "instructions": Self.instructions,
        ]
    }

    private func discover() -> JSONValue {
        [
            "resultType": "complete", "supportedVersions": Self.supportedVersions,
            "capabilities": ["tools": [:]], "instructions": Self.instructions, "ttlMs": 0, "cacheScope": "public",
            "_meta": ["io.modelcontextprotocol/serverInfo": about],
        ]
    }

    private func list() -> JSONValue {
        [
            "resultType": "complete", "tools": .array(tools.map(\.description)), "ttlMs": 0, "cacheScope": "public",
        ]
    }

    // MARK: - Calling

    /// The method behind the tool, by whose arguments the call is ordered among the others.
    @Sendable private func carried(_ params: JSONObject) -> (method: Method, params: JSONObject)? {
        guard let tool = params["name"]?.string.flatMap(tool), let arguments = Self.arguments(params) else {
            return nil
        }
        return (tool.method, arguments)
    }

    private func tool(_ name: String) -> Tool? { tools.first { sameCodePoints($0.name, name) } }

    /// - Returns: `nil` when there is something else in their place.
    private static func arguments(_ params: JSONObject) -> JSONObject? {
        switch params["arguments"] {
        case nil, .null?: [:]
        case let arguments?: arguments.object
        }
    }

    private func call(_ outer: Call) async throws(ServiceError) -> JSONValue {
        guard let name = outer.params["name"]?.string else {
            throw ServiceError.violation(of: "type", at: "/name", "must be a string")
        }
        guard let arguments = Self.arguments(outer.params) else {
            throw ServiceError.violation(of: "type", at: "/arguments", "must be an object")
        }
        // Else a host could believe that its `timeoutMs` counts.
        guard arguments["_meta"] == nil else {
            throw ServiceError.violation(of: "properties", at: "/arguments", "has a _meta, which belongs beside it")
        }
        if let tool = tool(name) {
            return try await tool.call(Call(arguments, meta: outer.meta, progress: outer.progress))
        }
        if refused.contains(where: { sameCodePoints($0.name, name) }) {
            return Tool.failure(
                "\(name) can't be undone, so it is off. The person who starts this server may allow it with --allow-destructive."
            )
        }
        let suggestion = nearestMethod(name, in: tools.map(\.name)).map { ", did you mean \($0)?" } ?? ""
        throw ServiceError.violation(of: "enum", at: "/name", "names no tool\(suggestion)")
    }
}
