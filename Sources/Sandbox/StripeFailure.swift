internal import JSON

/// An error answer in Stripe's form: https://docs.stripe.com/api/errors
struct StripeFailure: Error {
    var status = 400
    var type = "invalid_request_error"
    var code: String?
    var param: String?
    var message: String

    /// `{"error": {…}}`. Like the real one it names the request, so a replayed body points at the first one.
    func body(requestID: String, livemode: Bool) -> [UInt8] {
        var error = JSONObject()
        if let code {
            error["code"] = .string(code)
            error["doc_url"] = .string("https://stripe.com/docs/error-codes/" + code.map { $0 == "_" ? "-" : $0 })
        }
        error["message"] = .string(message)
        if let param { error["param"] = .string(param) }
        let mode = livemode ? "" : "test/"
        error["request_log_url"] = .string("https://dashboard.stripe.com/\(mode)logs/\(requestID)")
        error["type"] = .string(type)
        return JSONValue.object(["error": .object(error)]).serialized()
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

    static func invalidInteger(_ name: String, _ message: String) -> StripeFailure {
        StripeFailure(code: "parameter_invalid_integer", param: name, message: message)
    }

    /// - Parameter kind: As Stripe's sentence has it: `customer`, `event`.
    static func missing(_ kind: String, _ id: String, param: String = "id") -> StripeFailure {
        StripeFailure(status: 404, code: "resource_missing", param: param, message: "No such \(kind): '\(id)'")
    }

    static func unknownRoute(_ method: String, _ path: String) -> StripeFailure {
        StripeFailure(
            status: 404,
            message: "Unrecognized request URL (\(method): \(path)). Please see https://stripe.com/docs or we can help "
                + "at https://support.stripe.com/.")
    }
}
