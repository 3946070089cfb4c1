import CustomerStore
import Interface
import JSON
import Stripe

extension ServiceError {
    /// What a host sees of Stripe's failure: the kind, Stripe's own names for it, the request id; never its raw message.
    /// - Parameter call: The call under the host's key that it was for. Only then can a key that stands for something else
    ///   be the host's; the process's own gives way to a new one.
    init(_ error: StripeError, customerId: String? = nil, userId: String? = nil, for call: NotedCall? = nil) {
        let kind: Kind =
            switch error.kind {
            case .authentication: .stripeAuthenticationFailed
            case .permission: .stripePermissionDenied
            case .rateLimited: .stripeRateLimited
            case .unavailable: .stripeUnavailable
            case .rejected: .stripeRequestRejected
            case .notFound: .customerNotFound
            case .idempotencyMismatch where call == nil: .stripeUnavailable
            case .idempotencyMismatch, .keyInUse: .idempotencyConflict
            }
        var details: JSONObject = [:]
        var stripe: JSONObject = [:]
        stripe["type"] = error.type.map { .string($0) }
        stripe["code"] = error.code.map { .string($0) }
        stripe["param"] = error.param.map { .string($0) }
        stripe["requestId"] = error.requestID.map { .string($0) }
        if !stripe.isEmpty { details["stripe"] = .object(stripe) }
        details["userId"] = userId.map { .string($0) }
        details["customerId"] = customerId.map { .string($0) }
        if error.kind == .idempotencyMismatch, call == nil {
            self.init(
                kind,
                "Stripe took the process's own idempotency key for another request's; the next attempt has a new one",
                retryable: true, details: details)
        } else {
            self.init(kind, error.safeMessage, retryable: error.retryable, details: details)
        }
        awaited = Awaited(error)
    }
}

/// Calls Stripe with the service's error.
/// - Parameters: Whom the call is about, for the host.
func atStripe<T>(
    customerId: String? = nil, userId: String? = nil, _ body: () async throws(StripeError) -> T
) async throws(ServiceError) -> T {
    do throws(StripeError) {
        return try await body()
    } catch {
        throw ServiceError(error, customerId: customerId, userId: userId)
    }
}
