package import CustomerService
import JSON
package import JSONRPC

extension ErrorObject {
    /// The error of the service as the host sees it. Kinds and codes are those of the table in the guide (Errors.md).
    ///
    /// `ServiceError.message` is made for the host. Only for an internal error it is not: that is answered with the
    /// opaque `errorID`, under which the log has the rest.
    package init(_ error: ServiceError, errorID: @autoclosure () -> String) {
        switch error.kind {
        case .internalError:
            self = .internalError(["errorId": .string(errorID())])
        case .invalidParams:
            var details = error.details
            if details["violations"] == nil {
                details["violations"] = [
                    ["instanceLocation": "", "keywordLocation": "", "keyword": "", "error": .string(error.message)]
                ]
                details["violationCount"] = 1
            }
            self = .invalidParams(details)
        default:
            self.init(
                code: error.kind.code, message: error.message, type: error.kind.rawValue,
                retryable: error.retryable, details: error.details)
        }
    }

    /// The request was not carried out, and can be sent again in another batch.
    package static func batchFull(_ limit: Int) -> ErrorObject {
        ErrorObject(
            code: -32600, message: "Invalid Request", type: "invalid_request", retryable: true,
            details: [
                "reason": "the answers to the batch have become too long", "limit": .number(JSONNumber(limit)),
            ])
    }

    package static let requestCancelled = ErrorObject(
        code: -32800, message: "Request cancelled", type: "request_cancelled", retryable: true)

    package static let deadlineExceeded = ErrorObject(
        code: ServiceError.Kind.deadlineExceeded.code, message: "The call took longer than its timeoutMs",
        type: ServiceError.Kind.deadlineExceeded.rawValue, retryable: true)

    package static let shuttingDown = ErrorObject(
        code: ServiceError.Kind.shuttingDown.code, message: "The process is shutting down",
        type: ServiceError.Kind.shuttingDown.rawValue, retryable: true)

    package static let cutOff = ErrorObject(
        code: ServiceError.Kind.shuttingDown.code,
        message: "The process ended before the call did: what it had begun is on disk, and the next start goes on",
        type: ServiceError.Kind.shuttingDown.rawValue, retryable: true)
}

extension ServiceError.Kind {
    /// The standard codes come from the specification's table; the rest lies in -32000…-32099, "reserved for
    /// implementation-defined server-errors" (section 5.1).
    package var code: Int {
        switch self {
        case .invalidParams: -32602
        case .internalError: -32603
        case .customerNotFound: -32001
        case .customerDeleted: -32002
        case .customerAlreadyExists: -32003
        case .userNotFound: -32004
        case .userAlreadyExists: -32005
        case .ambiguousCustomer: -32006
        case .deletionBlocked: -32007
        case .stripeAuthenticationFailed: -32010
        case .stripePermissionDenied: -32011
        case .stripeRateLimited: -32012
        case .stripeUnavailable: -32013
        case .stripeRequestRejected: -32014
        case .idempotencyConflict: -32015
        case .accessDenied: -32020
        case .deadlineExceeded: -32021
        case .invalidSignature: -32022
        case .storageUnavailable: -32030
        case .usersTableRefused: -32031
        case .shuttingDown: -32040
        }
    }
}
