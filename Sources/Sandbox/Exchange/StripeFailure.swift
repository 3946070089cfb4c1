import JSON

/// An error answer in Stripe's form: https://docs.stripe.com/api/errors
struct StripeFailure: Error {
    var status = 400
    var type = "invalid_request_error"
    var code: String?
    var declineCode: String?
    var param: String?
    var message: String

    /// `{"error": {…}}`. Like the real one it names the request, so a replayed body points at the first one.
    func answer(requestID: String, livemode: Bool) -> Answer {
        var error = JSONObject()
        if let code {
            error["code"] = .string(code)
            error["doc_url"] = .string("https://stripe.com/docs/error-codes/" + code.map { $0 == "_" ? "-" : $0 })
        }
        error["decline_code"] = declineCode.map { .string($0) }
        error["message"] = .string(message)
        if let param { error["param"] = .string(param) }
        let mode = livemode ? "" : "test/"
        error["request_log_url"] = .string("https://dashboard.stripe.com/\(mode)logs/\(requestID)")
        error["type"] = .string(type)
        return Answer(requestID: requestID, status: status, body: JSONValue.object(["error": .object(error)]).text)
    }
}

// MARK: - The ones with a code

extension StripeFailure {
    static func unknownParameter(_ name: String) -> StripeFailure {
        StripeFailure(code: "parameter_unknown", param: name, message: "Received unknown parameter: \(name)")
    }

    static func missingParameter(_ name: String) -> StripeFailure {
        StripeFailure(code: "parameter_missing", param: name, message: "Missing required param: \(name).")
    }

    /// For what can't be unset.
    static func emptyParameter(_ name: String) -> StripeFailure {
        StripeFailure(
            code: "parameter_invalid_empty", param: name,
            message: "You passed an empty string for '\(name)'. We assume empty values are an attempt to unset a "
                + "parameter; however '\(name)' cannot be unset.")
    }

    static func invalidInteger(_ name: String, _ message: String) -> StripeFailure {
        StripeFailure(code: "parameter_invalid_integer", param: name, message: message)
    }

    /// - Parameters:
    ///   - kind: As Stripe's sentence has it: `customer`, `event`.
    ///   - status: 404 of an id in the path, 400 of one among the parameters.
    static func missing(
        _ kind: String, _ id: String, status: Int = 404, param: String = "id"
    ) -> StripeFailure {
        StripeFailure(status: status, code: "resource_missing", param: param, message: "No such \(kind): '\(id)'")
    }

    /// The sandbox's own file can't be read or written.
    static let outage = StripeFailure(status: 500, type: "api_error", message: "The sandbox can't use its database")

    static func unknownRoute(_ method: String, _ path: String) -> StripeFailure {
        StripeFailure(
            status: 404,
            message: "Unrecognized request URL (\(method): \(path)). Please see https://stripe.com/docs or we can help "
                + "at https://support.stripe.com/.")
    }
}
