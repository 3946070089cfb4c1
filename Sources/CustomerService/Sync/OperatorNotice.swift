import CustomerStore
import Environment
import Interface
import JSON
import Synchronization

/// Tells the operator aloud what only the operator can mend: once for each reason, however many users meet it, and once that it is
/// over.
final class OperatorNotice: Sendable {
    private let told = Mutex<Set<String>>([])

    var isRaised: Bool { told.withLock { !$0.isEmpty } }

    func raise(_ error: ServiceError, _ log: Log) {
        guard error.awaited == .operator, told.withLock({ $0.insert(error.message).inserted }) else { return }
        log(.error, "operator.needed", error.logFields)
    }

    /// Asked after something has gone well.
    func lower(unless isWaiting: Bool, _ log: Log) {
        guard !isWaiting else { return }
        let wasRaised = told.withLock { told in
            defer { told = [] }
            return !told.isEmpty
        }
        if wasRaised { log(.info, "operator.resolved") }
    }
}

extension CustomerService {
    /// What waits for the operator, for `health` and `getSyncStatus`.
    func operatorReport() async throws(ServiceError) -> JSONValue {
        let waits = try await stored(await store.waitingForOperator())
        return [
            "changes": .number(JSONNumber(waits.reduce(0) { $0 + $1.changes })),
            "reasons": .array(
                waits.map { wait in
                    [
                        "type": .string(wait.errorType), "reason": .string(wait.error),
                        "changes": .number(JSONNumber(wait.changes)), "since": .string(rfc3339(wait.since)),
                    ]
                }),
        ]
    }
}
