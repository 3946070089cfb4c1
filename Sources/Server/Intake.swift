import Environment
import Interface
import JSON
import JSONRPC
import StandardIO
import Synchronization

/// Stage 2 and 3 of `Pipeline`: takes in lines in their order and decides everything that depends on the order of the input:
/// cancellations, duplicate ids, places in flight and in a batch.
///
/// `accept` runs on the reading thread alone.
final class Intake: Sendable {
    private let admission: Admission
    private let configuration: ServerConfiguration
    private let inFlight: InFlight
    private let writer: LineWriter
    private let running: Running
    private let log: Log
    /// The unanswered calls by their ids; `null` is no one's.
    private let unanswered = Mutex<[RequestID: PendingCall]>([:])
    private let refuses = Atomic(false)
    private let batchMemory: BatchMemory

    init(
        admission: Admission, configuration: ServerConfiguration, inFlight: InFlight, writer: LineWriter,
        running: Running, log: Log
    ) {
        self.admission = admission
        self.configuration = configuration
        self.inFlight = inFlight
        self.writer = writer
        self.running = running
        self.log = log
        batchMemory = BatchMemory(limit: configuration.maxBatchAnswerBytes)
    }

    /// From now on requests are answered `shutting_down`.
    func refuseNewRequests() { refuses.store(true, ordering: .relaxed) }

    /// Answers everything that has no answer yet: the process is about to end. What has begun goes on until it does.
    func abandon() {
        refuseNewRequests()
        for call in unanswered.withLock({ Array($0.values) }) {
            let error = call.giveUp(.shuttingDown) ? ErrorObject.cutOff : .shuttingDown
            running.settle(call, .failure(error))
        }
    }

    // MARK: - Lines

    /// Takes one line in. Blocks while too much is in flight.
    func accept(_ line: LineReader.Line) {
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
            let call = try admission.admit(request)
            enter(call.method.name, id: request.id, .call(call), to: destination)
        } catch {
            enter(request.method, id: request.id, .known(.failure(error)), to: destination)
        }
    }

    // MARK: - Calls

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
        running.take(call)
    }

    /// `$/cancelRequest {id}`. An id that is unknown, or no longer in flight, is ignored.
    private func cancel(_ params: JSONValue?) {
        guard let value = params?[configuration.conventions.cancellation.member], let id = RequestID(value) else {
            return
        }
        guard let call = unanswered.withLock({ $0[id] }) else { return }
        running.giveUp(call, .requestCancelled)
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
