import Synchronization

/// In whose name the store is being changed: set around a call or a background step, and read by every verb that
/// changes something, so that the event is part of the very transaction.
package final class AuditScope: Sendable {
    @TaskLocal package static var current: AuditScope?

    package struct Actor: Sendable {
        package var id: String
        package var role: String

        package init(id: String, role: String) {
            self.id = id
            self.role = role
        }

        /// What the process does by itself.
        package static let system = Actor(id: "system", role: "system")
    }

    package let actor: Actor?
    package let method: String
    package let traceparent: String?
    /// Stripe's id of the last change that was made there on the way.
    let requestID: @Sendable () -> String?

    private struct State {
        var outcomes: [String] = []
        var changeUnderWay: Int64?
        var isUnchanged = false
    }

    private let state = Mutex(State())

    package init(
        actor: Actor?, method: String, traceparent: String? = nil,
        requestID: @escaping @Sendable () -> String? = { nil }
    ) {
        self.actor = actor
        self.method = method
        self.traceparent = traceparent
        self.requestID = requestID
    }

    /// The outcomes of the events that have been committed.
    package var outcomes: [String] { state.withLock { $0.outcomes } }

    /// The note of a change at Stripe that has no event yet.
    var changeUnderWay: Int64? {
        get { state.withLock { $0.changeUnderWay } }
        set { state.withLock { $0.changeUnderWay = newValue } }
    }

    /// What the call asked for was there already, so it is no change and has no event.
    package var isUnchanged: Bool {
        get { state.withLock { $0.isUnchanged } }
        set { state.withLock { $0.isUnchanged = newValue } }
    }

    /// These events have been committed.
    func note(_ outcomes: [String]) {
        state.withLock { state in
            state.outcomes += outcomes
            state.changeUnderWay = nil
        }
    }

    static let background = AuditScope(actor: .system, method: "background")
}
