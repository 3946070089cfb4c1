package import Interface
import JSON
package import JSONRPC

extension ErrorObject {
    /// The error of the service as the host sees it.
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

    package static let requestCancelled = told(.requestCancelled, ErrorKind.requestCancelled.message)
    package static let deadlineExceeded = told(.deadlineExceeded, "The call took longer than its timeoutMs")
    package static let shuttingDown = told(.shuttingDown, "The process is shutting down")
    package static let cutOff = told(
        .shuttingDown,
        "The process ended before the call did: what it had begun is on disk, and the next start goes on")

    private static func told(_ kind: ErrorKind, _ message: String) -> ErrorObject {
        ErrorObject(code: kind.code, message: message, type: kind.rawValue, retryable: kind.isRetryable)
    }
}
