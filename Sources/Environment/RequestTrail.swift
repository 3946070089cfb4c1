import Synchronization

/// What a piece of work has asked of Stripe: for its line in the log and its event in the audit log.
///
/// A call's trail is current in everything that the call starts, so that each line about Stripe names the call's trace.
package final class RequestTrail: Sendable {
    @TaskLocal package static var current: RequestTrail?

    private struct State {
        var attempts = 0
        var last: String?
        var lastChange: String?
    }

    /// The W3C trace context that the host gave.
    package let traceparent: String?
    /// That of the work of which this is a piece.
    private let whole: RequestTrail?
    private let state = Mutex(State())

    package init(traceparent: String? = nil, partOf whole: RequestTrail? = nil) {
        self.traceparent = traceparent ?? whole?.traceparent
        self.whole = whole
    }

    /// How often Stripe was asked, each retry counted.
    package var attempts: Int { state.withLock { $0.attempts } }
    /// The `req_…` under which Stripe's own log has the last request.
    package var lastRequest: String? { state.withLock { $0.last } }
    /// That of the last request that was to change something.
    package var lastChange: String? { state.withLock { $0.lastChange } }

    /// - Parameter requestID: `nil` when no answer came, or one without it.
    package func note(_ requestID: String?, isMutation: Bool) {
        whole?.note(requestID, isMutation: isMutation)
        state.withLock { state in
            state.attempts += 1
            guard let requestID else { return }
            state.last = requestID
            if isMutation { state.lastChange = requestID }
        }
    }
}
