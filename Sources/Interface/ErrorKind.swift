package import JSON

/// The kinds of errors, with everything that is said of one: by `schemas/errors.json`, the OpenRPC document, the clients and
/// the answers themselves.
///
/// A kind exists only where a host would act on it. The standard codes come from the specification's table; the rest lies in
/// -32000…-32099, "reserved for implementation-defined server-errors" (section 5.1), but for a cancelled request, which has
/// the code that the Language Server Protocol gave it.
package enum ErrorKind: String, Sendable, CaseIterable {
    case invalidParams = "invalid_params"
    case internalError = "internal_error"
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
    case requestCancelled = "request_cancelled"

    package var code: Int { facts.code }
    package var message: String { facts.message }
    /// Whether the same call may succeed later without a change, as a rule.
    package var isRetryable: Bool { facts.isRetryable }
    /// Whether every method may answer it, so that none lists it.
    package var mayBeOfAnyMethod: Bool { facts.mayBeOfAnyMethod }
    package var description: String { facts.description }

    /// As `schemas/errors.json` has it.
    package var json: JSONValue {
        [
            "type": .string(rawValue), "code": .number(JSONNumber(code)), "message": .string(message),
            "retryable": .bool(isRetryable), "anyMethod": .bool(mayBeOfAnyMethod), "description": .string(description),
        ]
    }
}

extension [ErrorKind] {
    /// What any call to Stripe may end with, in its place among the others.
    package static func ofStripe(after first: [ErrorKind] = [], before last: [ErrorKind]) -> [ErrorKind] {
        first + [
            .stripeAuthenticationFailed, .stripePermissionDenied, .stripeRateLimited, .stripeUnavailable,
            .stripeRequestRejected,
        ] + last
    }
}

// MARK: - The table

extension ErrorKind {
    private struct Facts {
        var code: Int
        var message: String
        var isRetryable: Bool
        var mayBeOfAnyMethod: Bool
        var description: String

        init(
            _ code: Int, _ message: String, isRetryable: Bool = false, mayBeOfAnyMethod: Bool = false,
            _ description: String
        ) {
            self.code = code
            self.message = message
            self.isRetryable = isRetryable
            self.mayBeOfAnyMethod = mayBeOfAnyMethod
            self.description = description
        }
    }

    private var facts: Facts {
        switch self {
        case .invalidParams:
            Facts(
                -32602, "Invalid params", mayBeOfAnyMethod: true,
                "The params don't fit the schema; `violations` lists up to 64 places with `instanceLocation`, `keywordLocation`, `keyword` and `error`."
            )
        case .internalError:
            Facts(
                -32603, "Internal error", mayBeOfAnyMethod: true,
                "A defect here; the opaque id in the data is in the log too.")
        case .customerNotFound:
            Facts(-32001, "Customer not found", "Stripe has no customer with this id in this account and mode.")
        case .customerDeleted:
            Facts(-32002, "Customer deleted", "The customer was deleted at Stripe, or is about to be.")
        case .customerAlreadyExists:
            Facts(-32003, "Customer already exists", "A customer is in the way; `customerId` names it.")
        case .userNotFound:
            Facts(-32004, "User not found", "There is no user with this id.")
        case .userAlreadyExists:
            Facts(-32005, "User already exists", "The id or the email belongs to another user.")
        case .ambiguousCustomer:
            Facts(
                -32006, "More than one customer matches",
                "`candidates` lists their ids; link the right one with linkCustomer.")
        case .deletionBlocked:
            Facts(-32007, "Deletion is blocked", "Active subscriptions or open invoices; `force: true` overrides.")
        case .stripeAuthenticationFailed:
            Facts(-32010, "Stripe refused the API key", "The key is wrong, revoked or expired.")
        case .stripePermissionDenied:
            Facts(-32011, "The API key lacks a permission", "A restricted key without the needed permission.")
        case .stripeRateLimited:
            Facts(-32012, "Stripe's rate limit was hit", isRetryable: true, "After retries with backoff.")
        case .stripeUnavailable:
            Facts(-32013, "Stripe is unavailable", isRetryable: true, "Network, timeout or 5xx after retries.")
        case .stripeRequestRejected:
            Facts(
                -32014, "Stripe rejected the request",
                "`stripe` holds Stripe's `type`, `code`, `param` and `requestId`.")
        case .idempotencyConflict:
            Facts(
                -32015, "Idempotency key used with other params",
                "The same `_meta.idempotencyKey` came before with other params, or what was made under it is another user's by now; or (retryable) a call under it is still on its way at Stripe."
            )
        case .accessDenied:
            Facts(-32020, "Access denied", "The access policy doesn't allow the call.")
        case .deadlineExceeded:
            Facts(
                -32021, "Deadline exceeded", isRetryable: true, mayBeOfAnyMethod: true,
                "`_meta.timeoutMs` passed; what was queued goes on.")
        case .invalidSignature:
            Facts(
                -32022, "Invalid webhook signature", "The signature doesn't fit the body and the secret, or is too old."
            )
        case .storageUnavailable:
            Facts(
                -32030, "The database is unavailable", isRetryable: true, "The database is locked, full or unreadable.")
        case .usersTableRefused:
            Facts(
                -32031, "The users table refuses the row",
                "A rule of the host's own on its table is in the way; `rule` names table and column, such as `NOT NULL users.password`. Insert the row with the program that knows the rule, then call ensureCustomerExists."
            )
        case .shuttingDown:
            Facts(
                -32040, "Shutting down", isRetryable: true, mayBeOfAnyMethod: true,
                "The process takes no new work; ask the next one.")
        case .requestCancelled:
            Facts(
                -32800, "Request cancelled", isRetryable: true, mayBeOfAnyMethod: true,
                "`$/cancelRequest` came in time.")
        }
    }
}
