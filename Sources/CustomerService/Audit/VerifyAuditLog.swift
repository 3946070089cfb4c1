import CustomerStore
import Interface
import JSON

/// Whether the audit log is what was written: every event in its place, and the end where it was.
enum VerifyAuditLog: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "verifyAuditLog", group: .users, effect: .reads,
        summary: "Checks the hash chain of the audit log.",
        description:
            "Reads the whole log and recomputes each hash; holds its table's triggers and indexes against what they should be.",
        params: [
            .optional(
                "anchor", .auditAnchor,
                "An end of the log that `health` gave earlier and that was kept elsewhere: the log must still hold it.")
        ],
        result: .fields([
            .required("valid", .boolean, "Whether no fault was found."),
            .required("events", .integer(0...), "How many events were read."),
            .optional(
                "firstBroken", .integer(1...),
                "The `sequence` of the first event that doesn't fit, is missing, or is left out by an index; absent where there is none."
            ),
            .optional(
                "fault", .oneOf("event", "anchor", "anchor_missing", "schema", "index"),
                "`event`: an event was changed, removed or moved. `anchor`: the log ends too early, or is not the one that it was. `anchor_missing`: the events fit, but the file that says how many there were is gone. `schema`: the events fit, but the log's table has a trigger or an index that isn't of stripe-customers, or something of its own made otherwise. `index`: an index leaves events out, so that lists may; `REINDEX audit_events` mends it."
            ),
            .optional(
                "foreign", .list(of: .string),
                "The names of what is on the log's table and isn't of stripe-customers, or was made otherwise; absent where there is nothing of the kind."
            ),
        ]).described("Whether the log is whole."),
        errors: [.accessDenied, .storageUnavailable],
        example: .init(params: [:], result: ["valid": true, "events": 128]))

    struct Params: Decodable, Sendable {
        struct Anchor: Decodable, Sendable {
            var sequence: Int64
            var hash: String
        }

        /// What `health` said earlier, kept where whoever can write to this machine can't.
        var anchor: Anchor?
    }

    struct Answer: Encodable, Sendable {
        var valid: Bool
        var events: Int64
        var firstBroken: Int64?
        var fault: String?
        var foreign: [String]?
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let kept = params.anchor.map { AuditAnchor(sequence: $0.sequence, hash: $0.hash) }
        let verdict = try await stored(await service.store.verifyAuditLog(against: kept))
        if let fault = verdict.fault { service.logBrokenAudit(fault, foreign: verdict.foreign) }
        return Answer(
            valid: verdict.fault == nil, events: verdict.events, firstBroken: verdict.firstBroken,
            fault: verdict.fault?.rawValue, foreign: verdict.foreign.isEmpty ? nil : verdict.foreign)
    }
}
