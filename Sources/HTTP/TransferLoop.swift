import CCurl

/// The body of the transfer thread; lives and dies on it.
struct TransferLoop {
    private let queue: TransferQueue
    private let configuration: HTTPConfiguration
    /// The requests under way. Each continuation leaves the dictionary before it is resumed, hence once.
    private var waiting: [ObjectIdentifier: (easy: CurlEasy, submission: Submission)] = [:]
    /// Handles to use again.
    private var idle: [CurlEasy] = []
    private static let maximumIdle = 32

    init(queue: TransferQueue, configuration: HTTPConfiguration) {
        self.queue = queue
        self.configuration = configuration
    }

    mutating func run() {
        while true {
            let (submissions, isClosed) = queue.takeAll()
            for submission in submissions { start(submission) }
            if isClosed { break }
            queue.multi.perform()
            while let (easy, code) = queue.multi.nextFinished() { finish(easy, code) }
            // Nothing depends on this limit: sockets, libcurl's timers and `wakeUp` end the wait.
            queue.multi.poll(milliseconds: 60_000)
        }
        for easy in waiting.values.map(\.easy) {
            let failure = HTTPFailure.shutDown(requestStarted: easy.requestStarted)
            end(easy, with: .failure(failure))
        }
    }

    private mutating func start(_ submission: Submission) {
        let easy = idle.popLast() ?? CurlEasy()
        waiting[ObjectIdentifier(easy)] = (easy, submission)
        do {
            try easy.prepare(submission.request, to: submission.target, configuration: configuration)
            try queue.multi.add(easy)
        } catch {
            finish(easy, error.code)
        }
    }

    private mutating func finish(_ easy: CurlEasy, _ code: CURLcode) {
        if code == CURLE_OK {
            let response = HTTPResponse(status: easy.status, headers: easy.responseHeaders, body: easy.body)
            end(easy, with: .success(response))
        } else {
            guard let target = waiting[ObjectIdentifier(easy)]?.submission.target else { return }
            let failure = HTTPFailure(
                code: code, requestStarted: easy.requestStarted, responseOverflowed: easy.responseOverflowed,
                tunnelRefusal: easy.tunnelRefusal, systemError: easy.systemError, target: target,
                detail: easy.describe(code))
            end(easy, with: .failure(failure))
        }
    }

    private mutating func end(_ easy: CurlEasy, with result: Result<HTTPResponse, HTTPFailure>) {
        queue.multi.remove(easy)
        let ended = waiting.removeValue(forKey: ObjectIdentifier(easy))
        easy.reset()
        if idle.count < Self.maximumIdle { idle.append(easy) }
        ended?.submission.continuation.resume(returning: result)
    }
}
