package import Environment

package struct ServerConfiguration: Sendable {
    /// Requests worked on at once; past it the input is not read.
    package var maxInFlight = 64
    /// One request at a time, answers in request order.
    package var ordered = false
    /// `ordered`, and nothing depends on how long things take: `timeoutMs` never passes, no progress is left out.
    package var deterministic = false
    /// The longest line, in bytes.
    package var maxLineBytes = 8 << 20
    /// How long after SIGTERM the process goes on at most.
    package var terminationGrace: Milliseconds = 10_000
    /// The notification that gives a call up, and its member that has the call's id.
    package var cancellation = (method: "$/cancelRequest", member: "id")
    /// The process whose end ends this one: the parent as it was at start.
    package var parent: Int32

    package init(parent: Int32) { self.parent = parent }
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
