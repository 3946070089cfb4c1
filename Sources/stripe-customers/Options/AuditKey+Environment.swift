import CustomerStore

/// The audit log's key: of the environment, else (`nil`) the one in the file beside the database.
func auditKey(_ options: Options, environment: [String: String]) throws(StartFailure) -> AuditKey? {
    if let text = environment["STRIPE_CUSTOMERS_AUDIT_KEY"], !text.isEmpty {
        guard text.utf8.count >= 32 else {
            throw StartFailure(.configuration, "STRIPE_CUSTOMERS_AUDIT_KEY is too short: 32 characters or more")
        }
        return AuditKey(Array(text.utf8))
    }
    // The same input gives the same bytes, hashes included. It is the sandbox's log.
    return options.deterministic ? AuditKey(Array("a deterministic sandbox".utf8)) : nil
}
