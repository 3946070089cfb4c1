import Interface
package import JSON
import JSONRPC
package import Server

extension ToolServer {
    /// What this protocol adds to JSON-RPC.
    package static var conventions: Conventions {
        var conventions = Conventions()
        conventions.cancellation = (method: "notifications/cancelled", member: "requestId")
        // "Receivers … SHOULD … not send a response for the cancelled request" (basic/utilities/cancellation).
        conventions.answersCancelled = false
        conventions.progress = { token, value in
            var params = value.object ?? [:]
            params["progressToken"] = token
            return ("notifications/progress", .object(params))
        }
        conventions.admit = { request throws(ErrorObject) in try admit(request) }
        return conventions
    }

    /// Of `_meta`: the process's own members have their meaning, and "keys" of others may stand beside them.
    package static var metaSchema: JSONValue {
        guard var schema = CallMeta.schema.object else { return CallMeta.schema }
        schema["additionalProperties"] = nil
        return .object(schema)
    }

    /// Since 2026-07-28 each request names its revision. One that is not spoken is answered with those that are, among
    /// them the ones that begin with a handshake: a client that knows none of the newer ones goes back to that.
    private static func admit(_ request: Request) throws(ErrorObject) {
        let name = "io.modelcontextprotocol/protocolVersion"
        guard let version = request.params?["_meta"]?[name] else { return }
        guard let requested = version.string else {
            let violation: JSONValue = [
                "instanceLocation": .string("/_meta/\(name.replacing("/", with: "~1"))"), "keywordLocation": "/type",
                "keyword": "type", "error": "the revision of the protocol must be a string",
            ]
            throw .invalidParams(["violations": [violation], "violationCount": 1])
        }
        guard !modernVersions.contains(where: { sameCodePoints($0, requested) }) else { return }
        throw ErrorObject(
            code: -32022, message: "Unsupported protocol version", type: "unsupported_protocol_version",
            details: ["supported": supportedVersions, "requested": .string(quotable(requested))])
    }
}
