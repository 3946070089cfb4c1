package import JSON

/// The error of an answer (specification, section 5.1).
///
/// `data` always has `type`, a name for programs, and `retryable`: whether the same request may succeed later.
package struct ErrorObject: Error, Sendable {
    package let code: Int
    /// For people; the five standard messages are worded as in the specification's table.
    package let message: String
    package let data: JSONObject

    /// - Parameter details: further members of `data`, of other names.
    package init(code: Int, message: String, type: String, retryable: Bool = false, details: JSONObject = [:]) {
        self.code = code
        self.message = message
        let head = [JSONObject.Member("type", .string(type)), JSONObject.Member("retryable", .bool(retryable))]
        data = JSONObject(head + details.members)
    }

    package var json: JSONValue {
        ["code": .number(JSONNumber(code)), "message": .string(message), "data": .object(data)]
    }
}

// MARK: - The standard errors

extension ErrorObject {
    package static func parseError(_ error: JSONSyntaxError) -> ErrorObject {
        let details: JSONObject = ["offset": .number(JSONNumber(error.offset)), "reason": .string(error.reason)]
        return ErrorObject(code: -32700, message: "Parse error", type: "parse_error", details: details)
    }

    /// - Parameter reason: what is wrong with the request, in a few words that don't quote it.
    package static func invalidRequest(_ reason: String, details: JSONObject = [:]) -> ErrorObject {
        let reason = JSONObject.Member("reason", .string(reason))
        return ErrorObject(
            code: -32600, message: "Invalid Request", type: "invalid_request",
            details: JSONObject([reason] + details.members))
    }

    /// - Parameters:
    ///   - method: the unknown name.
    ///   - suggestion: the known name that was probably meant.
    package static func methodNotFound(_ method: String, suggestion: String? = nil) -> ErrorObject {
        var details: JSONObject = ["method": .string(quotable(method))]
        if let suggestion { details["suggestion"] = .string(suggestion) }
        return ErrorObject(code: -32601, message: "Method not found", type: "method_not_found", details: details)
    }

    /// - Parameter data: members besides `type` and `retryable`, such as `violations`.
    package static func invalidParams(_ data: JSONObject) -> ErrorObject {
        ErrorObject(code: -32602, message: "Invalid params", type: "invalid_params", details: data)
    }

    /// - Parameter data: members besides `type` and `retryable`, such as an opaque id that the log has too.
    package static func internalError(_ data: JSONObject) -> ErrorObject {
        ErrorObject(code: -32603, message: "Internal error", type: "internal_error", details: data)
    }
}
