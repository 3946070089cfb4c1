import Environment
import HTTP
import JSON

/// What one attempt came to: a value or an error, and the facts about it that the retry policy, the limiter and the
/// breaker go by.
struct StripeAnswer<Value: Sendable> {
    /// What the attempt tells about Stripe being there.
    enum Reachability { case answered, failed, unknown }

    let result: Result<StripeReply<Value>, StripeError>
    let outcome: AttemptFacts.Outcome
    let reachability: Reachability
    private(set) var shouldRetry: Bool?
    private(set) var retryAfter: Milliseconds?
    private(set) var rateLimitedReason: String?
    private(set) var requestID: String?
    /// It was read, and is about something else than what was asked for.
    private(set) var isUnasked = false

    /// - Parameters:
    ///   - read: the value in the answer's object, or `nil` when it is something else.
    ///   - isAsked: whether the value is about what the call asked for.
    init(
        _ response: HTTPResponse, isMutation: Bool, read: (JSONObject) -> Value?, isAsked: (Value) -> Bool
    ) {
        let body = (try? JSONValue(parsing: response.body))?.object
        outcome = .answer(status: response.status)
        requestID = response.requestID
        shouldRetry = response.shouldRetry
        retryAfter = response.retryAfter
        rateLimitedReason = response.rateLimitedReason

        guard (200..<300).contains(response.status) else {
            let error = StripeError(answer: response, body: body, isMutation: isMutation)
            // A saved 500 tells of an earlier trouble; that it was told at all, Stripe is there.
            let isAnswered = error.kind != .unavailable || (error.isStripeAnswer && error.isReplay)
            reachability = isAnswered ? .answered : .failed
            result = .failure(error)
            return
        }
        reachability = body == nil ? .failed : .answered
        let value = body.flatMap(read)
        if let value, isAsked(value) {
            result = .success(StripeReply(value: value, isReplay: response.isReplay))
            return
        }
        isUnasked = value != nil
        // Stripe's own begins as JSON does, however it may break off.
        let isForeign = body == nil && response.body.first != UInt8(ascii: "{")
        let what =
            isUnasked
            ? "is not about what was asked for"
            : isForeign ? "is no JSON: something in between answers, a proxy or a firewall" : "could not be read"
        let error = StripeError(
            .unavailable, status: response.status, requestID: requestID, isReplay: response.isReplay,
            outcomeUnknown: isMutation, isForeign: isForeign,
            detail: "Stripe's answer \(what) (status \(response.status))")
        result = .failure(error)
    }

    /// - Parameter isCancelled: the caller gave up, so that the failure tells nothing about Stripe.
    init(_ failure: HTTPFailure, isMutation: Bool, isCancelled: Bool) {
        result = .failure(StripeError(failure, isMutation: isMutation))
        outcome = .failure(failure.kind)
        reachability =
            switch failure.kind {
            case _ where isCancelled: .unknown
            case .shutDown, .invalidRequest, .responseTooLarge, .heldBack: .unknown
            case .unresolved, .refused, .proxy, .proxyCredentials, .cannotConnect, .timedOut, .connectionLost,
                .truncated,
                .tls, .handshake:
                .failed
            }
    }

    var status: Int? { if case .answer(let status) = outcome { status } else { nil } }

    func facts(_ error: StripeError, attempt: Int, elapsed: Milliseconds) -> AttemptFacts {
        AttemptFacts(
            outcome, shouldRetry: shouldRetry, retryAfter: retryAfter, isReplay: error.isReplay, attempt: attempt,
            elapsed: elapsed)
    }
}
