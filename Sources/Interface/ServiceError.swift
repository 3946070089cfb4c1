package import JSON

/// What went wrong, in the terms of the service; the process turns it into a JSON-RPC error object (`ErrorMapping`).
///
/// `message` is for people and never holds personal data.
package struct ServiceError: Error, Sendable {
    package typealias Kind = ErrorKind

    package var kind: Kind
    package var message: String
    /// Whether the same call may succeed later without a change.
    package var retryable: Bool
    /// Further members of `error.data`: `stripe`, `userId`, `customerId`, `candidates`, `violations`, …
    package var details: JSONObject
    /// What the failure of a call to Stripe, or of the host's own table, waits for; `nil` for any other.
    package var awaited: Awaited?

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

extension ServiceError {
    /// The error with the ids that the call named, unless it says by itself whom it is about.
    package func about(_ subject: Subject) -> ServiceError {
        switch kind {
        // These are about no object, or about another one than the call named: who has the address already.
        case .invalidParams, .accessDenied, .internalError, .shuttingDown, .requestCancelled, .invalidSignature,
            .userAlreadyExists, .customerAlreadyExists, .ambiguousCustomer:
            return self
        case .customerNotFound, .customerDeleted, .userNotFound, .deletionBlocked, .stripeAuthenticationFailed,
            .stripePermissionDenied, .stripeRateLimited, .stripeUnavailable, .stripeRequestRejected,
            .idempotencyConflict, .deadlineExceeded, .storageUnavailable, .usersTableRefused:
            var error = self
            for member in [Subject.Member.userId, .customerId] {
                let name = member.rawValue
                error.details[name] = details[name] ?? subject[member].map { .string($0) }
            }
            return error
        }
    }
}
