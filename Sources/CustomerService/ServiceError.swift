package import JSON

/// What went wrong, in the terms of the service; the process turns it into a JSON-RPC error object (`ErrorMapping`).
///
/// A kind exists only where a host would act on it. `message` is for people and never holds personal data.
package struct ServiceError: Error, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case invalidParams = "invalid_params"
        case customerNotFound = "customer_not_found"
        case customerDeleted = "customer_deleted"
        case customerAlreadyExists = "customer_already_exists"
        case userNotFound = "user_not_found"
        case userAlreadyExists = "user_already_exists"
        case ambiguousCustomer = "ambiguous_customer"
        case deletionBlocked = "deletion_blocked"
        case stripeAuthenticationFailed = "stripe_authentication_failed"
        case stripePermissionDenied = "stripe_permission_denied"
        case stripeRateLimited = "stripe_rate_limited"
        case stripeUnavailable = "stripe_unavailable"
        case stripeRequestRejected = "stripe_request_rejected"
        case idempotencyConflict = "idempotency_conflict"
        case accessDenied = "access_denied"
        case deadlineExceeded = "deadline_exceeded"
        case invalidSignature = "invalid_signature"
        case storageUnavailable = "storage_unavailable"
        case usersTableRefused = "users_table_refused"
        case shuttingDown = "shutting_down"
        case internalError = "internal_error"
    }

    package var kind: Kind
    package var message: String
    /// Whether the same call may succeed later without a change.
    package var retryable: Bool
    /// Further members of `error.data`: `stripe`, `userId`, `customerId`, `candidates`, `violations`, …
    package var details: JSONObject
    /// What the failure of a call to Stripe, or of the host's own table, waits for; `nil` for any other.
    var awaited: Awaited?

    package init(_ kind: Kind, _ message: String, retryable: Bool = false, details: JSONObject = [:]) {
        self.kind = kind
        self.message = message
        self.retryable = retryable
        self.details = details
    }
}

extension ServiceError {
    /// What is wrong with one of the params, where its schema alone can't know.
    ///
    /// - Parameters:
    ///   - keyword: which rule of a schema says the same.
    ///   - location: JSON pointer to the param; empty for the params as a whole.
    ///   - error: for a person, without the value.
    package static func violation(
        of keyword: String, at location: String, params: JSONObject = [:], _ error: String
    ) -> ServiceError {
        let schema = (location.isEmpty ? "" : "/properties\(location)") + "/\(keyword)"
        let violation: JSONValue = [
            "instanceLocation": .string(location), "keywordLocation": .string(schema),
            "keyword": .string(keyword), "params": .object(params), "error": .string(error),
        ]
        return ServiceError(
            .invalidParams, "Invalid params", details: ["violations": [violation], "violationCount": 1])
    }
}
