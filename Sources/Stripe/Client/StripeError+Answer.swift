import Environment
import HTTP
import JSON

extension StripeError {
    /// The error in an answer that is no success; https://docs.stripe.com/api/errors.
    ///
    /// - Parameter isMutation: whether the request may have changed something.
    init(answer response: HTTPResponse, body: JSONObject?, isMutation: Bool) {
        let status = response.status
        let error = body?["error"]?.object
        // A proxy's page has no `error.type`. Its 404 says nothing about a customer, its 401 nothing about the key.
        let isStripeAnswer = status >= 400 && error?["type"]?.string != nil
        let type = name(error?["type"]?.string)
        let code = name(error?["code"]?.string)
        let param = parameter(error?["param"]?.string)
        let kind: Kind =
            switch (status, type, code) {
            case (429, _, _): .rateLimited
            case _ where !isStripeAnswer: .unavailable
            case (500..., _, _): .unavailable
            case (400, _, "rate_limit"): .rateLimited
            case (400, "idempotency_error", _), (404, "idempotency_error", _): .idempotencyMismatch
            case (401, _, _): .authentication
            case (403, _, _): .permission
            case _ where Self.missing(status: status, code: code, param: param) == .customer: .notFound
            case (409, _, "idempotency_key_in_use"): .keyInUse
            default: .rejected
            }
        let message = error?["message"]?.string ?? ""
        self.init(
            kind, status: status, type: type, code: code, declineCode: name(error?["decline_code"]?.string),
            param: param, requestID: response.requestID, isStripeAnswer: isStripeAnswer,
            isReplay: response.isReplay,
            // "Treat the result of a 500 request as indeterminate." https://docs.stripe.com/error-low-level
            // The other holder of a key in use may be this very request, whose answer was lost.
            outcomeUnknown: isMutation && (kind == .unavailable || kind == .keyInUse),
            // A conflict of any kind is over when the other request is.
            retryable: status == 409 || response.shouldRetry == true ? true : nil,
            missingPermission: kind == .permission ? permission(in: message) : nil,
            existsInOtherMode: kind == .notFound && message.utf8.contains("a similar object exists in".utf8),
            isUnknownURL: status == 404 && code == nil && message.hasPrefix("Unrecognized request URL"),
            // The code is not always there.
            isForeignAccount: kind == .permission
                && (code == "account_invalid" || message.utf8.contains("does not have access to account".utf8)),
            detail: isStripeAnswer || kind == .rateLimited
                ? nil : "The answer did not come from Stripe (status \(status))")
    }

    /// No response at all.
    init(_ failure: HTTPFailure, isMutation: Bool) {
        let detail =
            switch failure.kind {
            // libcurl names the host and the port.
            case .unresolved: "Stripe's host name can't be resolved: check DNS and --api-base (\(failure.detail))"
            case .refused: "The connection to Stripe was refused: check --api-base and firewalls (\(failure.detail))"
            case .proxy: "The proxy on the way to Stripe fails: check https_proxy and no_proxy (\(failure.detail))"
            case .proxyCredentials:
                "The proxy on the way to Stripe wants a user and a password: put the right ones into https_proxy "
                    + "(http://USER:PASSWORD@HOST:PORT)"
            case .cannotConnect: "Stripe could not be reached (\(failure.detail))"
            case .timedOut: "Stripe did not answer in time"
            case .connectionLost, .truncated: "The connection to Stripe was lost"
            case .responseTooLarge: "Stripe's answer was too large"
            // The cause is with this machine or the way to Stripe: the system without certificates, one that is not
            // trusted.
            case .tls: "No secure connection to Stripe could be made: \(failure.detail)"
            case .handshake:
                "What answers in Stripe's place speaks no TLS, or an old one: check --api-base (\(failure.detail))"
            case .shutDown: "The process is shutting down"
            case .invalidRequest: "The request to Stripe could not be put on the wire"
            case .heldBack: "The process was stopped for too long for the change to be sent; it is tried again"
            }
        self.init(
            .unavailable, outcomeUnknown: isMutation && failure.outcomeUnknown,
            retryable: failure.kind != .invalidRequest, detail: detail, connection: failure.kind)
    }

    /// Whether this answer tells what became of *every* attempt with the same key: Stripe saves the first result and
    /// would have replayed it. What is decided before the idempotency layer (the key's rights, the limits, a
    /// conflict) tells nothing about an earlier attempt.
    var settlesEarlierAttempts: Bool {
        guard isStripeAnswer, let status else { return false }
        return (400..<500).contains(status) && ![401, 403, 409, 429].contains(status)
    }
}

// MARK: - Stripe's headers

extension HTTPResponse {
    /// https://docs.stripe.com/api/request_ids
    var requestID: String? { name(headers["request-id"]) }

    var isReplay: Bool { headers["idempotent-replayed"] == "true" }

    var shouldRetry: Bool? {
        switch headers["stripe-should-retry"] {
        case "true": true
        case "false": false
        default: nil
        }
    }

    /// Milliseconds. Only the form in whole seconds is read; the one with a date is not worth a calendar.
    var retryAfter: Milliseconds? {
        headers["retry-after"].flatMap { Milliseconds($0) }.map { min(max($0, 0), 3_600) * 1_000 }
    }

    /// `global-rate`, `endpoint-rate`, `global-concurrency`, `endpoint-concurrency`, `resource-specific`.
    /// https://docs.stripe.com/rate-limits
    var rateLimitedReason: String? { name(headers["stripe-rate-limited-reason"]) }
}

// MARK: - Facts that are safe to keep

/// The text when it can only be an identifier of Stripe's: letters, digits, `_`, `-`, `.`, at most 100 of them.
private func name(_ text: String?) -> String? {
    guard let text, !text.isEmpty, text.utf8.count <= 100, text.utf8.allSatisfy(isNameByte) else { return nil }
    return text
}

/// `param` may hold a metadata key, so anything; then only the part before the bracket is kept.
private func parameter(_ text: String?) -> String? {
    guard let text, text.utf8.count <= 200 else { return nil }
    let isPlain = text.utf8.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]") }
    if isPlain { return text.isEmpty ? nil : text }
    return name(String(decoding: text.utf8.prefix { $0 != UInt8(ascii: "[") }, as: UTF8.self))
}

private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
        true
    default: false
    }
}

/// "Having the 'rak_customer_write' permission would allow this request to continue."
private func permission(in message: String) -> String? {
    let bytes = Array(message.utf8)
    let prefix = Array("rak_".utf8)
    guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: prefix) }) else { return nil }
    return name(String(decoding: bytes[start...].prefix { isNameByte($0) && $0 != UInt8(ascii: ".") }, as: UTF8.self))
}

extension String.UTF8View {
    fileprivate func contains(_ part: String.UTF8View) -> Bool {
        indices.contains { self[$0...].starts(with: part) }
    }
}
