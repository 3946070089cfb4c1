package import JSONRPC
import Synchronization

/// The right to answer one request, which can be used once: whoever comes first (the outcome, a cancellation, the
/// deadline) answers, the others find that it is too late.
///
/// What is told of the progress goes through it too, under the same lock, so that none follows the answer.
package final class Reply: Sendable {
    private struct State {
        var isAnswered = false
        var unwrittenProgress = 0
    }

    /// How many lines about the progress of one request may wait to be written; more are left out. They don't count as in
    /// flight, and a host that reads nothing must not make a backfill fill the memory.
    package static let progressLimit = 64

    package let id: RequestID
    private let deliver: @Sendable (_ answer: [UInt8]?) -> Void
    private let state = Mutex(State())

    /// - Parameter deliver: hands the answer on, or learns that there will be none (`nil`); called once at most, and must
    ///   not block.
    package init(id: RequestID, deliver: @escaping @Sendable (_ answer: [UInt8]?) -> Void) {
        self.id = id
        self.deliver = deliver
    }

    /// Answers with this outcome.
    ///
    /// - Returns: false when the request had been answered before; then nothing happens.
    package func answer(_ outcome: Outcome) -> Bool { settle(line(of: outcome)) }

    /// Leaves the request without an answer.
    ///
    /// - Returns: false when it had been answered before.
    package func withdraw() -> Bool { settle(nil) }

    private func line(of outcome: Outcome) -> [UInt8] {
        switch outcome {
        case .success(let result): Response.result(id, result)
        case .failure(let error): Response.error(id, error)
        }
    }

    private func settle(_ line: [UInt8]?) -> Bool {
        state.withLock { state in
            guard !state.isAnswered else { return false }
            state.isAnswered = true
            deliver(line)
            return true
        }
    }

    /// Sends one notification about the progress, unless the answer is out or too many wait.
    ///
    /// - Parameters:
    ///   - line: the notification.
    ///   - limit: how many may wait to be written.
    ///   - send: hands the line on, and its second argument is to be called when the line has been written.
    package func progress(
        _ line: [UInt8], limit: Int = Reply.progressLimit,
        send: (_ line: [UInt8], _ written: @escaping @Sendable () -> Void) -> Void
    ) {
        state.withLock { state in
            guard !state.isAnswered, state.unwrittenProgress < limit else { return }
            state.unwrittenProgress += 1
            send(line) { self.state.withLock { $0.unwrittenProgress -= 1 } }
        }
    }
}
