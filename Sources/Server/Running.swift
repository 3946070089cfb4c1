import Environment
import Interface
import JSON
import JSONRPC
import StandardIO
import Synchronization

/// Stage 4 and 5 of `Pipeline`: lets each call run when its turn comes, ends it early when nobody waits for it any more, and
/// answers it.
///
/// The calls run as tasks.
final class Running: Sendable {
    private struct Schedule {
        var order = KeyOrder()
        /// Those whose turn has not come.
        var waiting: [KeyOrder.Ticket: PendingCall] = [:]
    }

    private struct Started: Sendable {
        let ticket: KeyOrder.Ticket
        let call: PendingCall
    }

    private let configuration: ServerConfiguration
    private let afterEach: (@Sendable () async -> Void)?
    private let writer: LineWriter
    private let identifiers: any Identifiers
    private let log: Log
    private let schedule = Mutex(Schedule())

    private var isOrdered: Bool { configuration.ordered || configuration.deterministic }

    init(
        configuration: ServerConfiguration, afterEach: (@Sendable () async -> Void)?, writer: LineWriter,
        identifiers: any Identifiers, log: Log
    ) {
        self.configuration = configuration
        self.afterEach = afterEach
        self.writer = writer
        self.identifiers = identifiers
        self.log = log
    }

    // MARK: - Its turn

    /// Takes a call in, after all those taken in before. It runs at once when it has to wait for none of them.
    func take(_ call: PendingCall) {
        if case .call(let admitted) = call.work, call.reply != nil, !configuration.deterministic,
            let milliseconds = admitted.meta.timeoutMilliseconds
        {
            call.setDeadline(after: milliseconds) { [self] in giveUp(call, .deadlineExceeded) }
        }
        let (ticket, isReady) = schedule.withLock { schedule in
            let (ticket, isReady) = schedule.order.enter(keys(of: call.work))
            if !isReady { schedule.waiting[ticket] = call }
            return (ticket, isReady)
        }
        if isReady { start([Started(ticket: ticket, call: call)]) }
    }

    private func keys(of work: PendingCall.Work) -> KeyOrder.Keys {
        if isOrdered { return .serial }
        switch work {
        case .known: return .none
        case .call(let call): return call.target.isOpen ? .none : KeyOrder.Keys(call.subject)
        }
    }

    private func start(_ ready: [Started]) {
        var ready = ready
        // A loop: thousands of refusals in a row must not nest.
        while let next = ready.popLast() {
            switch next.call.start() {
            case .tell(let outcome):
                settle(next.call, outcome)
                ready += leave(next)
            case .run(let call):
                Task.detached { [self] in
                    let outcome = await RequestTrail.$current.withValue(next.call.trail) {
                        await perform(call, for: next.call)
                    }
                    settle(next.call, outcome, isLate: true)
                    await afterEach?()
                    start(leave(next))
                }
            }
        }
    }

    private func leave(_ ended: Started) -> [Started] {
        ended.call.place.release()
        return schedule.withLock { schedule in
            schedule.order.leave(ended.ticket).reversed().compactMap { ticket in
                schedule.waiting.removeValue(forKey: ticket).map { Started(ticket: ticket, call: $0) }
            }
        }
    }

    // MARK: - Carrying out

    private func perform(_ admitted: AdmittedCall, for pending: PendingCall) async -> Outcome {
        var call = Call(admitted.params, meta: admitted.meta)
        if let token = call.meta.progressToken, let reply = pending.reply {
            let limit = configuration.deterministic ? Int.max : Reply.progressLimit
            call.progress = { [writer, conventions = configuration.conventions] value in
                let (method, params) = conventions.progress(token, value)
                reply.progress(Response.notification(method, params), limit: limit) {
                    writer.enqueue($0, written: $1)
                }
            }
        }
        do throws(ServiceError) {
            return .success(try await admitted.method.call(call))
        } catch {
            return .failure(ErrorObject(error, errorID: logged(error, admitted)))
        }
    }

    private func logged(_ error: ServiceError, _ call: AdmittedCall) -> String {
        let id = identifiers.next()
        log(
            .error, "internal_error",
            ["errorId": .string(id), "method": .string(call.method.name), "message": .string(error.message)])
        return id
    }

    // MARK: - Its end

    /// Answers now. In an ordered session a call that waits is answered when its turn comes.
    func giveUp(_ call: PendingCall, _ error: ErrorObject) {
        let hasStarted = call.giveUp(error)
        if hasStarted || !isOrdered { settle(call, .failure(error)) }
    }

    /// Answers, if nobody has yet, and logs the call. What was no request has been logged as `request.rejected`.
    ///
    /// - Parameter isLate: whether the outcome is worth a log line even if the answer was another one.
    func settle(_ call: PendingCall, _ outcome: Outcome, isLate: Bool = false) {
        let isAnswer = call.reply.map { isUnanswered(outcome) ? $0.withdraw() : $0.answer(outcome) } ?? true
        call.end()
        guard call.method != nil else { return }
        if isAnswer {
            log(.info, "call", call.logFields(outcome))
        } else if isLate {
            // What became of a call that was cancelled, or took too long, after it had begun.
            log(.info, "call.late", call.logFields(outcome))
        }
    }

    private func isUnanswered(_ outcome: Outcome) -> Bool {
        guard case .failure(let error) = outcome else { return false }
        return error.code == ErrorObject.requestCancelled.code && !configuration.conventions.answersCancelled
    }
}
