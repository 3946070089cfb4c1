import Synchronization

/// Remembers under which `req_…` Stripe's own log has the last change that a piece of work made there.
package final class RequestTrail: Sendable {
    @TaskLocal package static var current: RequestTrail?

    private let last = Mutex<String?>(nil)

    package init() {}

    package var lastChange: String? { last.withLock { $0 } }

    func note(_ requestID: String?) {
        if let requestID { last.withLock { $0 = requestID } }
    }
}
