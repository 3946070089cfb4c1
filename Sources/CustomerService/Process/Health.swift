import CustomerStore
import Environment
import JSON
import Stripe

/// How the process is, without asking Stripe.
enum Health: ServiceMethod {
    static let name = "health"
    static let ordering = Ordering.free

    struct Params: Decodable, Sendable {}

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        let queue = try await stored(await service.store.queueStatus())
        let version = try await stored(await service.store.schemaVersion())
        let tail = try await stored(await service.store.auditTail())
        let waitsForOperator = try await service.operatorReport()
        let now = service.clock.now()
        let stripe = service.stripe.status
        let circuit: JSONValue = stripe.circuit == .halfOpen ? "half_open" : .string(stripe.circuit.rawValue)
        return [
            "version": .string(service.version),
            "database": [
                "path": .string(service.store.place), "schemaVersion": .number(JSONNumber(version)),
                "app": service.store.app.map { .string($0) } ?? .null,
                "account": service.account.map { .string($0) } ?? .null,
                "mode": service.isLive ? "live" : "test",
            ],
            "queue": [
                "pending": .number(JSONNumber(queue.pending)), "parked": .number(JSONNumber(queue.parked)),
                "oldestAgeMs": queue.oldestAt.map { .number(JSONNumber(StoredTime.age(of: $0, at: now) ?? 0)) }
                    ?? .null,
            ],
            "waitsForOperator": waitsForOperator,
            "stripe": [
                "reachable": stripe.reachable.map { .bool($0) } ?? .null,
                "lastSuccessAt": stripe.lastSuccess.map { .string(rfc3339($0)) } ?? .null,
                "lastError": stripe.lastFailure.map { .string($0) } ?? .null, "circuit": circuit,
            ],
            "counters": [
                "stripeRequests": .number(JSONNumber(stripe.counters.requests)),
                "stripeRetries": .number(JSONNumber(stripe.counters.retries)),
                "stripeRateLimited": .number(JSONNumber(stripe.counters.rateLimited)),
                "rateLimitWaitMs": .number(JSONNumber(stripe.counters.rateLimitWaitMilliseconds)),
            ],
            "calls": service.metrics.json,
            "audit": tail.map { ["sequence": .number(JSONNumber($0.sequence)), "hash": .string($0.hash)] } ?? .null,
            "uptimeMs": .number(JSONNumber(service.clock.steady() - service.startedAt)),
        ]
    }
}
