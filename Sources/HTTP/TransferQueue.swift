import Synchronization

/// A request on its way to the transfer thread, with the task that waits for it.
///
/// Exactly one place resumes the continuation: `TransferQueue.submit` if the queue is closed, else the `TransferLoop`
/// that took the submission out of the queue.
struct Submission: Sendable {
    var request: HTTPRequest
    var target: HTTPTarget
    var continuation: CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>
}

/// Hands requests from any thread to the one that runs the transfers.
final class TransferQueue: Sendable {
    private struct State {
        var submissions: [Submission] = []
        var isClosed = false
    }

    let multi: CurlMulti
    private let state = Mutex(State())

    init(multi: CurlMulti) {
        self.multi = multi
    }

    func submit(_ submission: Submission) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.submissions.append(submission) }
            return state.isClosed
        }
        if isClosed {
            submission.continuation.resume(returning: .failure(.shutDown(requestStarted: false)))
        } else {
            multi.wakeUp()
        }
    }

    /// What has been submitted since the last call, and whether that was the last of it.
    func takeAll() -> (submissions: [Submission], isClosed: Bool) {
        state.withLock { state in
            defer { state.submissions = [] }
            return (state.submissions, state.isClosed)
        }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        multi.wakeUp()
    }
}

extension HTTPFailure {
    static func shutDown(requestStarted: Bool) -> HTTPFailure {
        HTTPFailure(kind: .shutDown, outcomeUnknown: requestStarted, detail: "the HTTP client was shut down")
    }
}
