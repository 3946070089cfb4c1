package import JSON
package import JSONRPC
import Synchronization

/// The right to answer one request, which can be used once: whoever comes first (the outcome, a cancellation, the
/// deadline) answers, the others find that it is too late.
///
/// `$/progress` goes through it too, under the same lock, so that none follows the answer.
package final class Reply: Sendable {
    private struct State {
        var isAnswered = false
        var unwrittenProgress = 0
    }

    /// How many `$/progress` lines of one request may wait to be written; more are left out. They don't count as in
    /// flight, and a host that reads nothing must not make a backfill fill the memory.
    package static let progressLimit = 64

    package let id: RequestID
    private let deliver: @Sendable (_ answer: [UInt8]) -> Void
    private let state = Mutex(State())

    /// - Parameter deliver: hands the answer on; called once at most, and must not block.
    package init(id: RequestID, deliver: @escaping @Sendable (_ answer: [UInt8]) -> Void) {
        self.id = id
        self.deliver = deliver
    }

    /// Answers with this outcome.
    ///
    /// - Returns: false when the request had been answered before; then nothing happens.
    package func answer(_ outcome: RequestPipeline.Outcome) -> Bool {
        let line = RequestPipeline.line(id, outcome)
        return state.withLock { state in
            guard !state.isAnswered else { return false }
            state.isAnswered = true
            deliver(line)
            return true
        }
    }

    /// Sends one `$/progress`, unless the answer is out or too many wait.
    ///
    /// - Parameters:
    ///   - limit: how many may wait to be written.
    ///   - send: hands the line on, and its second argument is to be called when the line has been written.
    package func progress(
        token: JSONValue, value: JSONValue, limit: Int = Reply.progressLimit,
        send: (_ line: [UInt8], _ written: @escaping @Sendable () -> Void) -> Void
    ) {
        let line = Response.notification("$/progress", ["token": token, "value": value])
        state.withLock { state in
            guard !state.isAnswered, state.unwrittenProgress < limit else { return }
            state.unwrittenProgress += 1
            send(line) { self.state.withLock { $0.unwrittenProgress -= 1 } }
        }
    }
}
