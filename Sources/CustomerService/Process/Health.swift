import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// How the process is, without asking Stripe.
enum Health: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "health", group: .process, effect: .reads, isOpen: true,
        summary: "Tells how the process is doing.",
        description:
            "Version, database, queue, Stripe's reachability as last seen, counters. Calls nothing and needs no rights.",
        params: [],
        result: .fields([
            .required("version", .string, "The version of the process."),
            .required(
                "database",
                .fields([
                    .optional("path", .string, "The file."),
                    .required("schemaVersion", .integer(0...), "The last migration applied."),
                    .optional(
                        "app", .string.orNull,
                        "The application that the database belongs to; `null` while it has no name."),
                    .optional("account", .string.orNull, "The Stripe account that the database belongs to."),
                    .required(
                        "mode", .oneOf("live", "test").orNull,
                        "The mode that it belongs to; `null` until the first key binds it."),
                ]), "The database."),
            .required(
                "queue",
                .fields([
                    .required("pending", .integer(0...), "Changes that wait."),
                    .required("parked", .integer(0...), "Changes and fields that Stripe refused for good."),
                    .required(
                        "oldestAgeMs", .integer(0...).orNull,
                        "Age of the oldest queued change in milliseconds, `null` when the queue is empty."),
                ]), "What waits for Stripe."),
            .required("waitsForOperator", .operatorWait),
            .required(
                "stripe",
                .fields([
                    .required(
                        "reachable", .boolean.orNull, "Whether the last call got through; `null` before the first."),
                    .optional("lastSuccessAt", .time.orNull, "When a call last got through, UTC."),
                    .optional("lastError", .string.orNull, "The `type` of the last failure."),
                    .required(
                        "circuit", .oneOf("closed", "open", "half_open"),
                        "`open`: calls are held back after repeated failures. `half_open`: one is being tried."),
                ]), "Stripe as last seen."),
            .required("counters", .map(of: .integer), "Counts since the start, by name."),
            .optional(
                "calls",
                .map(
                    of: .fields([
                        .required(
                            "outcomes", .map(of: .integer(1...)),
                            "How many came to which outcome: `ok`, or the `type` of the error."),
                        .required(
                            "latencyUs",
                            .fields([
                                .required("p50", .integer(0...), "Half of them took no longer."),
                                .required("p95", .integer(0...), "95 in 100 took no longer."),
                                .required("p99", .integer(0...), "99 in 100 took no longer."),
                            ]), "How long they took, in microseconds, to within a fifth."),
                    ]).described("One method.")), "The calls since the start, by method."),
            .optional(
                "audit", .either(.auditAnchor, .null),
                "Where the audit log ends now. Kept elsewhere and given to `verifyAuditLog`, it shows a tail that was cut together with the anchor's file."
            ),
            .required("uptimeMs", .integer(0...), "Time since the start in milliseconds."),
        ]).described("How the process is doing."),
        errors: [],
        example: .init(
            params: [:],
            result: [
                "version": "1.0.0",
                "database": ["path": "stripe-customers.sqlite", "schemaVersion": 1, "account": .null, "mode": "test"],
                "queue": ["pending": 0, "parked": 0, "oldestAgeMs": .null],
                "waitsForOperator": ["changes": 0, "reasons": []],
                "stripe": [
                    "reachable": true, "lastSuccessAt": "2026-01-01T00:00:00Z", "lastError": .null, "circuit": "closed",
                ], "counters": ["requests": 12], "uptimeMs": 86400000,
            ]))

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
