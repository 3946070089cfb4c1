package import Environment
import Interface
package import JSONRPC
import Synchronization

/// A request or notification from the moment it was read until its work has ended.
package final class PendingCall: Sendable {
    package enum Work: Sendable {
        /// The outcome is known without any work: a refusal. It only waits for its turn to be told.
        case known(Outcome)
        case call(AdmittedCall)
    }

    package enum Turn: Sendable {
        /// It is to be carried out.
        case run(AdmittedCall)
        /// There is nothing to do but to tell this, if nothing has been told yet.
        case tell(Outcome)
    }

    private struct State {
        var hasStarted = false
        /// Why it is not to be started any more.
        var givenUp: ErrorObject?
        var deadline: Task<Void, Never>?
        var isOver = false
    }

    /// `nil` for what was no request.
    package let method: String?
    package let work: Work
    /// `nil` for a notification.
    package let reply: Reply?
    package let place: Place
    package let received = ContinuousClock.now
    package let trail: RequestTrail
    private let state = Mutex(State())

    package init(method: String?, work: Work, reply: Reply?, place: Place) {
        self.method = method
        self.work = work
        self.reply = reply
        self.place = place
        if case .call(let call) = work {
            trail = RequestTrail(traceparent: call.meta.traceparent)
        } else {
            trail = RequestTrail()
        }
    }

    /// Called when its turn has come. From here on the work goes on to its end, whatever happens to the answer.
    package func start() -> Turn {
        state.withLock { state in
            state.hasStarted = true
            if let error = state.givenUp { return .tell(.failure(error)) }
            switch work {
            case .known(let outcome): return .tell(outcome)
            case .call(let call): return .run(call)
            }
        }
    }

    /// Nobody waits for it any more; a call that has not started is not going to be.
    ///
    /// - Returns: whether it had started.
    package func giveUp(_ error: ErrorObject) -> Bool {
        state.withLock { state in
            if !state.hasStarted { state.givenUp = state.givenUp ?? error }
            return state.hasStarted
        }
    }

    /// Calls `passed` after this time, unless `end` comes first.
    package func setDeadline(after milliseconds: Milliseconds, passed: @escaping @Sendable () -> Void) {
        let deadline = Task.detached {
            do { try await Task.sleep(for: .milliseconds(milliseconds)) } catch { return }
            passed()
        }
        let isOver = state.withLock { state in
            state.deadline = deadline
            return state.isOver
        }
        if isOver { deadline.cancel() }
    }

    /// It has been answered or, as a notification, carried out: the deadline is off.
    package func end() {
        state.withLock { state in
            state.isOver = true
            state.deadline?.cancel()
            state.deadline = nil
        }
    }
}
