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

    let actor: Actor?
    let method: String
    let traceparent: String?
    /// Stripe's id of the last change that was made there on the way.
    let requestID: @Sendable () -> String?

    private let recorded = Mutex<[String]>([])

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
    package var outcomes: [String] { recorded.withLock { $0 } }

    func note(_ outcomes: [String]) { recorded.withLock { $0 += outcomes } }

    static let background = AuditScope(actor: .system, method: "background")
}
