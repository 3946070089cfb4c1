package import Environment
package import JSON
package import JSONRPC

package struct ServerConfiguration: Sendable {
    /// Requests worked on at once; past it the input is not read.
    package var maxInFlight = 64
    /// One request at a time, answers in request order.
    package var ordered = false
    /// `ordered`, and nothing depends on how long things take: `timeoutMs` never passes, no progress is left out.
    package var deterministic = false
    /// The longest line, in bytes.
    package var maxLineBytes = WireLimits.lineBytes
    /// Past this the other requests of a batch are refused, in bytes of its answers; while other batches have so many that
    /// are not written, the next one is not begun.
    package var maxBatchAnswerBytes = WireLimits.batchAnswerBytes
    /// How long after SIGTERM the process goes on at most.
    package var terminationGrace: Milliseconds = 10_000
    /// How long a host may take to read what it is told at the end of the grace.
    package var farewell: Milliseconds = 500
    package var conventions = Conventions()
    /// The process whose end ends this one: the parent as it was at start.
    package var parent: Int32

    package init(parent: Int32) { self.parent = parent }
}

/// What JSON-RPC leaves to the protocol on top of it. These are the process's own.
package struct Conventions: Sendable {
    /// The notification that gives a call up, and its member that has the call's id.
    package var cancellation = (method: "$/cancelRequest", member: "id")
    /// Whether a call that was given up is answered, with `request_cancelled`.
    package var answersCancelled = true
    /// The notification about the progress of a call.
    package var progress: @Sendable (_ token: JSONValue, _ value: JSONValue) -> (method: String, params: JSONValue) = {
        ("$/progress", ["token": $0, "value": $1])
    }
    /// Refuses a request for what it says about the protocol.
    package var admit: @Sendable (Request) throws(ErrorObject) -> Void = { _ throws(ErrorObject) in }

    package init() {}
}

/// What the process does around its requests.
package struct ServerHooks: Sendable {
    /// Carries out what the requests have queued; called once, after the last answer has been written.
    package var drain: @Sendable () async -> Void
    /// Called after each request of a deterministic session, before the next one starts.
    package var afterEach: (@Sendable () async -> Void)?

    package init(drain: @escaping @Sendable () async -> Void = {}, afterEach: (@Sendable () async -> Void)? = nil) {
        self.drain = drain
        self.afterEach = afterEach
    }
}

/// Why a session has ended.
package enum ExitReason: Sendable, Equatable {
    /// Everything that was asked has been answered, and what it queued has been carried out.
    case endOfInput
    /// The same after SIGTERM.
    case terminated
    /// SIGTERM, and the grace was over before all was done. What is left is on disk.
    case graceOver
    /// Nobody reads the answers any more.
    case outputClosed
    case outputFailed(errno: Int32)
    case inputFailed(errno: Int32)
    /// The parent process has ended.
    case parentEnded
}
