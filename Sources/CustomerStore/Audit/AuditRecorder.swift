import Environment
import JSON

/// Appends events inside one transaction, and is made anew with each attempt at it.
///
/// The end of the chain is locked with the first look at it, so the events of several processes have one order.
final class AuditRecorder {
    let scope: AuditScope
    let key: AuditKey
    let now: Milliseconds
    private let rows: any StoreTransaction
    /// The end of the chain, as far as this transaction has looked.
    private var tail: AuditAnchor?
    /// The outcomes of the events of this transaction.
    private(set) var recorded: [String] = []

    init(scope: AuditScope, key: AuditKey, now: Milliseconds, _ rows: any StoreTransaction) {
        self.scope = scope
        self.key = key
        self.now = now
        self.rows = rows
    }

    /// - Parameters:
    ///   - change: What happened, such as `user.updated`.
    ///   - details: Nothing personal: names of fields, counts, what `personal` gives.
    func record(
        _ change: String?, userId: String? = nil, customerId: String? = nil, outcome: String = "ok",
        details: JSONObject = [:]
    ) throws(StoreError) {
        var all: JSONObject = [:]
        all["change"] = change.map { .string($0) }
        for member in details.members { all[member.name] = member.value }
        all["stripeRequestId"] = scope.requestID().map { .string($0) }
        all["traceparent"] = scope.traceparent.map { .string($0) }
        var last = tail
        if last == nil { last = try rows.auditTail() }
        var event = AuditEvent(
            // Wraps around rather than traps: the last number may be somebody's forgery. The table refuses it then.
            sequence: (last?.sequence ?? 0) &+ 1, at: now,
            actor: scope.actor.map { AuditScope.Actor(id: key.reference($0.id), role: $0.role) },
            method: scope.method, userId: userId.map(key.reference), customerId: customerId, outcome: outcome,
            details: storedJSON(all), previousHash: last?.hash, hash: "")
        event.hash = key.link(event.canonical)
        try rows.append(event)
        // Another program's trigger can keep it out. Then nothing of what the event is about may happen either.
        guard try rows.auditHash(at: event.sequence) == event.hash else { throw .auditEventNotStored }
        tail = event.place
        recorded.append(outcome)
    }

    /// An address as the log may hold it.
    func personal(_ email: String?) -> JSONValue? { key.personal(email) }
}
