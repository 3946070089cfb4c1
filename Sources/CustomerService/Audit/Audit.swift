/// The methods about the audit log, in the order in which they are published.
enum Audit {
    static let methods: [any ServiceMethod.Type] = [ListAuditEvents.self, VerifyAuditLog.self]
}
