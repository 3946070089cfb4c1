import CustomerService
package import Environment
import JSON
import JSONRPC
package import StandardIO
import Synchronization

/// Stage 4 of `RequestPipeline`: takes in lines in their order and lets the calls in them run, each when its turn comes.
///
/// `accept` runs on the reading thread alone; it decides everything that depends on the order of the input. The calls
/// run as tasks. The locks are held for bookkeeping only, and none of them while `PendingCall`'s or `Reply`'s is taken.
package final class Dispatcher: Sendable {
    private struct Schedule {
        var order = KeyOrder()
        /// Those whose turn has not come.
        var waiting: [KeyOrder.Ticket: PendingCall] = [:]
    }

    private struct Started: Sendable {
        let ticket: KeyOrder.Ticket
        let call: PendingCall
    }

    private let pipeline: RequestPipeline
    private let configuration: ServerConfiguration
    private let afterEach: (@Sendable () async -> Void)?
    private let inFlight: InFlight
    private let writer: LineWriter
    private let identifiers: any Identifiers
    private let log: Log
    private let schedule = Mutex(Schedule())
    /// The unanswered calls by their ids; `null` is no one's.
    private let unanswered = Mutex<[RequestID: PendingCall]>([:])
    private let refuses = Atomic(false)
    private let batchMemory: BatchMemory

    private var isOrdered: Bool { configuration.ordered || configuration.deterministic }

    package init(
        pipeline: RequestPipeline, configuration: ServerConfiguration, afterEach: (@Sendable () async -> Void)?,
        inFlight: InFlight, writer: LineWriter, identifiers: any Identifiers, log: Log
    ) {
        self.pipeline = pipeline
        self.configuration = configuration
        self.afterEach = afterEach
        self.inFlight = inFlight
        self.writer = writer
        self.identifiers = identifiers
        self.log = log
        batchMemory = BatchMemory(limit: configuration.maxBatchAnswerBytes)
    }

    /// From now on requests are answered `shutting_down`.
    package func refuseNewRequests() { refuses.store(true, ordering: .relaxed) }

    /// Answers everything that has no answer yet: the process is about to end. What has begun goes on until it does.
    package func abandon() {
        refuseNewRequests()
        for call in unanswered.withLock({ Array($0.values) }) {
            let error = call.giveUp(.shuttingDown) ? ErrorObject.cutOff : .shuttingDown
            settle(call, .failure(error))
        }
    }

    // MARK: - Taking in, on the reading thread

    /// Takes one line in. Blocks while too much is in flight.
    package func accept(_ line: LineReader.Line) {
        switch line {
        case .text(let bytes): accept(Incoming(line: bytes))
        case .tooLong:
            let details: JSONObject = ["limit": .number(JSONNumber(configuration.maxLineBytes))]
            let error = ErrorObject.invalidRequest("the line is too long", details: details)
            accept(.single(.invalid(id: .null, error: error)))
        }
    }

    private func accept(_ incoming: Incoming) {
        switch incoming {
        case .single(let message): accept(message, to: Destination(writer: writer))
        case .batch(let messages):
            batchMemory.waitForRoom()
            let batch = BatchAnswer(count: messages.count { $0.isAnswered }, memory: batchMemory)
            var position = 0
            for message in messages {
                accept(message, to: Destination(writer: writer, slot: (batch, position)))
                if message.isAnswered { position += 1 }
            }
        }
    }

    private func accept(_ message: Message, to destination: Destination) {
        switch message {
        case .response: log(.debug, "response.dropped")
        case .invalid(let id, let error):
            log(.warning, "request.rejected", error.logFields)
            enter(nil, id: id, .known(.failure(error)), to: destination)
        case .call(let request): accept(request, to: destination)
        }
    }

    private func accept(_ request: Request, to destination: Destination) {
        // Before everything that could make it wait: it is about the requests that fill the queue.
        if sameCodePoints(request.method, configuration.conventions.cancellation.method) {
            cancel(request.params)
            if let id = request.id { enter(request.method, id: id, .known(.success(.null)), to: destination) }
            return
        }
        if refuses.load(ordering: .relaxed) {
            enter(request.method, id: request.id, .known(.failure(.shuttingDown)), to: destination)
            return
        }
        do {
            try configuration.conventions.admit(request)
            let call = try pipeline.admit(request)
            enter(call.method.name, id: request.id, .call(call), to: destination)
        } catch {
            enter(request.method, id: request.id, .known(.failure(error)), to: destination)
        }
    }

    private func enter(_ method: String?, id: RequestID?, _ work: PendingCall.Work, to destination: Destination) {
        let place = inFlight.enter(holds: id == nil ? 1 : 2)
        var id = id
        var method = method
        var work = work
        // Looked up only now: while this waited for its place, the other request of this id may have been answered.
        if let taken = id, taken != .null, unanswered.withLock({ $0[taken] != nil }) {
            let error = ErrorObject.invalidRequest("a request with this id is in flight", details: ["id": taken.json])
            log(.warning, "request.rejected", error.logFields)
            id = .null
            method = nil
            work = .known(.failure(error))
        }
        // As well: those before it in the batch may have been answered meanwhile.
        if id != nil, destination.isFull { work = .known(.failure(.batchFull(configuration.maxBatchAnswerBytes))) }
        let reply = id.map { id in
            Reply(id: id) { [self] answer in
                destination.send(
                    answer, release: { [self] in if id != .null { unanswered.withLock { $0[id] = nil } } },
                    written: { place.release() })
            }
        }
        let call = PendingCall(method: method, work: work, reply: reply, place: place)
        if let id, id != .null { unanswered.withLock { $0[id] = call } }
        if case .call(let validated) = work, reply != nil, let milliseconds = validated.meta.timeoutMilliseconds,
            !configuration.deterministic
        {
            call.setDeadline(after: milliseconds) { [self] in giveUp(call, .deadlineExceeded) }
        }
        let (ticket, isReady) = schedule.withLock { schedule in
            let (ticket, isReady) = schedule.order.enter(keys(of: work))
            if !isReady { schedule.waiting[ticket] = call }
            return (ticket, isReady)
        }
        if isReady { start([Started(ticket: ticket, call: call)]) }
    }

    private func keys(of work: PendingCall.Work) -> KeyOrder.Keys {
        if isOrdered { return .serial }
        switch work {
        case .known: return .none
        case .call(let call): return KeyOrder.Keys(call.content.method.ordering, params: call.content.params)
        }
    }

    // MARK: - Giving up

    /// `$/cancelRequest {id}`. An id that is unknown, or no longer in flight, is ignored.
    private func cancel(_ params: JSONValue?) {
        guard let value = params?[configuration.conventions.cancellation.member], let id = RequestID(value) else {
            return
        }
        guard let call = unanswered.withLock({ $0[id] }) else { return }
        giveUp(call, .requestCancelled)
    }

    /// Answers now. In an ordered session a call that waits is answered when its turn comes.
    private func giveUp(_ call: PendingCall, _ error: ErrorObject) {
        let hasStarted = call.giveUp(error)
        if hasStarted || !isOrdered { settle(call, .failure(error)) }
    }

    // MARK: - Running

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

    private func perform(_ call: ValidatedCall, for pending: PendingCall) async -> RequestPipeline.Outcome {
        var context = CallContext(
            actor: call.meta.actor, idempotencyKey: call.meta.idempotencyKey, traceparent: call.meta.traceparent)
        if let token = call.meta.progressToken, let reply = pending.reply {
            let limit = configuration.deterministic ? Int.max : Reply.progressLimit
            context.progress = { [writer, conventions = configuration.conventions] value in
                let (method, params) = conventions.progress(token, value)
                reply.progress(Response.notification(method, params), limit: limit) {
                    writer.enqueue($0, written: $1)
                }
            }
        }
        do throws(ServiceError) {
            return .success(try await call.method.call(.object(call.params), context))
        } catch {
            return .failure(ErrorObject(error, errorID: logged(error, call)))
        }
    }

    private func logged(_ error: ServiceError, _ call: ValidatedCall) -> String {
        let id = identifiers.next()
        log(
            .error, "internal_error",
            ["errorId": .string(id), "method": .string(call.method.name), "message": .string(error.message)])
        return id
    }

    /// Answers, if nobody has yet, and logs the call. What was no request has been logged as `request.rejected`.
    ///
    /// - Parameter isLate: whether the outcome is worth a log line even if the answer was another one.
    private func settle(_ call: PendingCall, _ outcome: RequestPipeline.Outcome, isLate: Bool = false) {
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

    private func isUnanswered(_ outcome: RequestPipeline.Outcome) -> Bool {
        guard case .failure(let error) = outcome else { return false }
        return error.code == ErrorObject.requestCancelled.code && !configuration.conventions.answersCancelled
    }
}

extension Message {
    fileprivate var isAnswered: Bool {
        switch self {
        case .call(let request): request.id != nil
        case .invalid: true
        case .response: false
        }
    }
}
