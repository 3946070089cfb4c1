import CustomerStore
import Interface
import JSON

extension ServiceError {
    init(_ error: StoreError) {
        switch error {
        case .userExists(let userId, let sameEmail):
            let what = sameEmail ? "A user with this email" : "A user with this id"
            self.init(.userAlreadyExists, "\(what) exists already", details: ["userId": .string(userId)])
        case .customerTaken(let customerId, let userId):
            self.init(
                .customerAlreadyExists, "The customer is linked to another user",
                details: ["userId": .string(userId), "customerId": .string(customerId)])
        case .customerDoomed(let customerId):
            self.init(
                .customerDeleted, "The customer is about to be deleted: that waits for Stripe to carry it out",
                details: ["customerId": .string(customerId)])
        case .unfitUserID:
            self = .violation(
                of: "type", at: "/userId", params: ["expected": ["integer"], "actual": "string"], error.description)
        case .keyReused:
            self.init(.idempotencyConflict, "The idempotency key was used before with other params")
        case .callOvertaken:
            self.init(.idempotencyConflict, error.description, retryable: true)
        case .closed:
            self.init(.shuttingDown, "The process is shutting down", retryable: true)
        case .usersTableRefuses(let rule, let write):
            self.init(
                .usersTableRefused, "\(error.description); \(write.wayOut)", details: ["rule": .string("\(rule)")])
            // A rule stays until the host takes it away, and holds for this row.
            awaited = .operator
        case .usersTableUnfit, .newerDatabase, .changedMigration, .wrongAccount, .otherApp, .cannotOpen,
            .nameTaken, .otherAuditKey, .auditEventNotStored, .engine:
            self.init(.storageUnavailable, error.description, retryable: error.isTemporary)
        case .auditFile:
            // The file's path is for the operator.
            self.init(.storageUnavailable, "A file of the audit log can't be used", retryable: error.isTemporary)
        }
    }
}

extension UsersTableWrite {
    /// What a host can do about a rule of its own that is in the way.
    fileprivate var wayOut: String {
        switch self {
        case .insert: "insert it with the program that knows the rule, your ORM say, then call ensureCustomerExists"
        case .profile: "make the change with the program that knows the rule, and it is picked up by itself"
        case .delete: "delete it with the program that knows the rule, and its customer is archived by itself"
        case .link: "let the column stripe_customer_id be written"
        }
    }
}

/// Asks the store, with the service's error: `try await stored(await store.user(id))`.
func stored<T>(_ body: @autoclosure () async throws(StoreError) -> T) async throws(ServiceError) -> T {
    do throws(StoreError) { return try await body() } catch { throw ServiceError(error) }
}

/// The same for what takes more than one verb.
func withStore<T>(_ body: () async throws(StoreError) -> T) async throws(ServiceError) -> T {
    do throws(StoreError) { return try await body() } catch { throw ServiceError(error) }
}
