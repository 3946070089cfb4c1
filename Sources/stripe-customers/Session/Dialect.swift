import CustomerService
import Interface
import JSON
import JSONSchema
import ModelContextProtocol
import Server

/// What is spoken over stdin and stdout: the service's methods themselves, or the same as tools for an agent.
struct Dialect: Sendable {
    let methods: [Method]
    let paramsSchemas: [String: Schema]
    /// Of `params._meta`.
    let metaSchema: Schema
    let conventions: Conventions
    /// What a person at a terminal is told.
    let invitation: String

    /// - Parameter methods: those of the service.
    init(_ command: Options.Command, methods: [Method], schemas: ParamsSchemas) throws(StartFailure) {
        guard case .mcp(let allowsDestructive) = command else {
            self.methods = methods
            paramsSchemas = schemas.byMethod
            metaSchema = schemas.meta
            conventions = Conventions()
            invitation = "type JSON-RPC 2.0 requests, one a line; Ctrl-D ends"
            return
        }
        let server = ToolServer(
            methods: methods, paramsSchemas: schemas.byMethod, allowsDestructive: allowsDestructive, version: version)
        self.methods = server.methods
        paramsSchemas = [:]
        metaSchema = try compiled("meta", ToolServer.metaSchema)
        conventions = ToolServer.conventions
        invitation = "waiting for an agent (Model Context Protocol); Ctrl-D ends"
    }
}

/// The schemas of the params of all methods, and of `_meta`.
struct ParamsSchemas: Sendable {
    var byMethod: [String: Schema] = [:]
    let meta: Schema

    init() throws(StartFailure) {
        meta = try compiled("meta", CallMeta.schema)
        for method in CustomerService.description.methods {
            byMethod[method.name] = try compiled(method.name, method.paramsSchema)
        }
    }
}

private func compiled(_ name: String, _ document: JSONValue) throws(StartFailure) -> Schema {
    do { return try Schema(document) } catch {
        throw StartFailure(.internalError, "the schema of \(name) can't be used: \(error)")
    }
}
