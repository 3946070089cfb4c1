package import HTTP

/// Why a call to Stripe gave no value.
///
/// Nothing in here may be personal: Stripe's own message is read for the few facts below and then dropped, since it
/// echoes input and, in a 401, the key.
package struct StripeError: Error, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The key is wrong, expired or revoked.
        case authentication
        /// The key is right and lacks a permission (`missingPermission`).
        case permission
        case rateLimited
        /// No answer, an answer that isn't Stripe's, or a 5xx.
        case unavailable
        /// Stripe refused the request as it is.
        case rejected
        /// The customer that the call is about is unknown: said by Stripe, never by a proxy. Any other object that is missing
        /// (`missing`) makes the request a rejected one.
        case notFound
        /// The idempotency key was used before with other parameters.
        case idempotencyMismatch
        /// A request with this idempotency key is still in progress.
        case keyInUse
    }

    package var kind: Kind
    package var status: Int?
    /// Stripe's `type`, `code`, `decline_code` and `param`: open strings, kept only when they look like names.
    package var type: String?
    package var code: String?
    package var declineCode: String?
    package var param: String?
    package var requestID: String?
    /// The body was Stripe's error object, so the endpoint came to an end; not a proxy's page and not silence.
    package var isStripeAnswer: Bool
    /// A failure that Stripe had saved under the idempotency key: the same key will give the same answer.
    package var isReplay: Bool
    /// The request, in one of its attempts, may have taken effect at Stripe.
    package var outcomeUnknown: Bool
    /// How often the request was sent.
    package var attempts: Int
    /// Whether the same call may succeed later without a change.
    package var retryable: Bool
    /// What a restricted key lacks, such as `rak_customer_write`.
    package var missingPermission: String?
    /// The id exists in the other mode: a test key was used for a live object or the other way round.
    package var existsInOtherMode: Bool
    /// Stripe has no endpoint of this URL, as where `--api-base` ends in `/v1`.
    package var isUnknownURL: Bool
    /// The key may not act for the account of `--account`, or there is none of this id.
    package var isForeignAccount: Bool
    /// A success whose body is nothing of Stripe's: a page of something in between, or nothing at all.
    package var isForeign: Bool
    /// With which key was asked, and where: as `StripeConfiguration` has it in words. Set where the call ends.
    package var keySource: String?
    package var place: String?
    /// Why there was no readable answer, in place of the sentence of the kind.
    package var detail: String?
    /// Where the connection failed; `nil` when there was an answer.
    package var connection: HTTPFailure.Kind?

    package init(
        _ kind: Kind, status: Int? = nil, type: String? = nil, code: String? = nil, declineCode: String? = nil,
        param: String? = nil, requestID: String? = nil, isStripeAnswer: Bool = false, isReplay: Bool = false,
        outcomeUnknown: Bool = false, attempts: Int = 0, retryable: Bool? = nil, missingPermission: String? = nil,
        existsInOtherMode: Bool = false, isUnknownURL: Bool = false, isForeignAccount: Bool = false,
        isForeign: Bool = false, detail: String? = nil, connection: HTTPFailure.Kind? = nil
    ) {
        self.kind = kind
        self.status = status
        self.type = type
        self.code = code
        self.declineCode = declineCode
        self.param = param
        self.requestID = requestID
        self.isStripeAnswer = isStripeAnswer
        self.isReplay = isReplay
        self.outcomeUnknown = outcomeUnknown
        self.attempts = attempts
        self.retryable = retryable ?? [.rateLimited, .unavailable, .keyInUse].contains(kind)
        self.missingPermission = missingPermission
        self.existsInOtherMode = existsInOtherMode
        self.isUnknownURL = isUnknownURL
        self.isForeignAccount = isForeignAccount
        self.isForeign = isForeign
        self.detail = detail
        self.connection = connection
    }
}

extension StripeError {
    /// The connection fails for a reason that doesn't pass by itself: certificates, a proxy, a request that can't be put on the
    /// wire. Name servers and networks mend themselves.
    package var isSetUpWrongly: Bool {
        switch connection {
        case .tls, .handshake, .proxy, .proxyCredentials, .invalidRequest: true
        case .unresolved, .refused, .cannotConnect, .timedOut, .connectionLost, .truncated, .responseTooLarge,
            .shutDown, .heldBack, nil:
            false
        }
    }
}

// MARK: - What is missing

extension StripeError {
    /// What Stripe has not, by its own account.
    package enum Missing: Equatable, Sendable {
        /// The customer that the call is about.
        case customer
        /// What this parameter names: `source`, `test_clock`, `payment_method`, `starting_after`, …
        case object(param: String?)
    }

    /// What is missing, if that is what the error says.
    package var missing: Missing? { Self.missing(status: status, code: code, param: param) }

    /// `resource_missing` comes under 404 and under 400, of the customer in the path (`id`, or no param at all), of the one
    /// a list is asked for (`customer`), and of whatever else the parameters name. Only the first two say anything about the
    /// customer. Without a param a 400 does not say what it means.
    static func missing(status: Int?, code: String?, param: String?) -> Missing? {
        guard code == "resource_missing", status == 404 || status == 400 else { return nil }
        if let param, param != "id", param != "customer" { return .object(param: param) }
        return param == nil && status == 400 ? .object(param: nil) : .customer
    }
}

// MARK: - For people

extension StripeError {
    /// One sentence without Stripe's raw message, the key or anything personal.
    package var safeMessage: String {
        switch kind {
        case .authentication:
            "Stripe does not accept the API key"
                + (keySource.map { " of \($0): set another and start again; stripe-customers check tells more" } ?? "")
        case .permission where isForeignAccount:
            "The API key may not act for the account of --account, or there is no such account"
        case .permission:
            missingPermission.map { "The API key lacks the permission \($0)" } ?? "The API key lacks a permission"
        case .rateLimited: detail ?? "Stripe's rate limit was reached"
        case .unavailable: detail ?? "Stripe could not answer" + (status.map { " (status \($0))" } ?? "")
        case .rejected where isUnknownURL:
            "Stripe has no such URL: check --api-base, which ends before /v1 (status 404)"
        case .rejected: "Stripe rejected the request" + particulars
        case .notFound:
            existsInOtherMode
                ? "The object exists in Stripe's other mode (live or test) than the key's"
                : "Stripe has no such object"
                    + (place.map { " in \($0): check the id, and the mode of the key" } ?? "")
        case .idempotencyMismatch: "The idempotency key was used before with other parameters"
        case .keyInUse: "A request with the same idempotency key is still in progress"
        }
    }

    private var particulars: String {
        let facts = [
            code.map { "code \($0)" }, declineCode.map { "decline code \($0)" }, param.map { "parameter \($0)" },
            status.map { "status \($0)" },
        ].compactMap(\.self)
        return facts.isEmpty ? "" : " (" + facts.joined(separator: ", ") + ")"
    }
}

extension StripeError: CustomStringConvertible {
    package var description: String { safeMessage }
}
