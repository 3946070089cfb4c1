import CustomerStore

/// Whether the audit log is what was written: every event in its place, and the end where it was.
enum VerifyAuditLog: ServiceMethod {
    static let name = "verifyAuditLog"

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
