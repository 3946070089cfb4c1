import Environment
import JSON
import SQLite
import Synchronization

/// Appends events inside one transaction.
///
/// The chain is continued under the database's one write lock, so the events of several processes have one order.
struct AuditRecorder: Sendable {
    let scope: AuditScope
    let key: AuditKey
    let now: Milliseconds
    private let outcomes = Recorded()

    init(scope: AuditScope, key: AuditKey, now: Milliseconds) {
        self.scope = scope
        self.key = key
        self.now = now
    }

    private final class Recorded: Sendable { let outcomes = Mutex<[String]>([]) }

    var recorded: [String] { outcomes.outcomes.withLock { $0 } }

    /// - Parameters:
    ///   - change: What happened, such as `user.updated`.
    ///   - details: Nothing personal: names of fields, counts, what `personal` gives.
    func record(
        _ change: String?, userId: String? = nil, customerId: String? = nil, outcome: String = "ok",
        details: JSONObject = [:], _ connection: inout Connection
    ) throws(StoreError) {
        var all: JSONObject = [:]
        all["change"] = change.map { .string($0) }
        for member in details.members { all[member.name] = member.value }
        all["stripeRequestId"] = scope.requestID().map { .string($0) }
        all["traceparent"] = scope.traceparent.map { .string($0) }
        let last = try AuditLog.tail(&connection)
        var event = AuditEvent(
            // Wraps around rather than traps: the last number may be somebody's forgery. The table refuses it then.
            sequence: (last?.sequence ?? 0) &+ 1, at: now,
            actor: scope.actor.map { AuditScope.Actor(id: key.reference($0.id), role: $0.role) },
            method: scope.method, userId: userId.map(key.reference), customerId: customerId, outcome: outcome,
            details: storedJSON(all), previousHash: last?.hash, hash: "")
        event.hash = key.link(event.canonical)
        try connection.change(
            "INSERT INTO audit_events (\(AuditEvent.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .integer(event.sequence), .integer(event.at), SQLiteValue(event.actor?.id),
                SQLiteValue(event.actor?.role), .text(event.method), SQLiteValue(event.userId),
                SQLiteValue(event.customerId), .text(event.outcome), .text(event.details),
                SQLiteValue(event.previousHash), .text(event.hash),
            ])
        // A trigger can make an INSERT do nothing. Then nothing of what the event is about may happen either.
        guard try AuditLog.hash(at: event.sequence, &connection) == event.hash else { throw .auditEventNotStored }
        outcomes.outcomes.withLock { $0.append(outcome) }
    }

    /// An address as the log may hold it.
    func personal(_ email: String?) -> JSONValue? { key.personal(email) }
}
