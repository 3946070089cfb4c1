/// What the database could not do or refused, in the terms of the store.
package enum StoreError: Error, Sendable {
    /// The database failed: locked for too long, disk full, not a database, …
    case engine(EngineFailure)
    /// The database's file can't be opened for reading and writing.
    case cannotOpen(path: String, reason: String)
    /// A user with this id or this address (compared without regard to case) exists.
    case userExists(userId: String, sameEmail: Bool)
    /// The host's idempotency key came before with other params.
    case keyReused
    /// Another call under the same key has been carried out meanwhile.
    case callOvertaken
    /// The users table is the host's and refuses the row by a rule of its own.
    case usersTableRefuses(UsersTableRule, UsersTableWrite)
    /// The users table has ids of another type, which would not keep this one as it is.
    case unfitUserID
    /// The users table lacks a column that can't be added.
    case usersTableUnfit(reason: String)
    /// The host's database has something else of a name that is needed.
    case nameTaken(kind: String, name: String)
    /// The customer belongs to another user.
    case customerTaken(customerId: String, userId: String)
    /// The customer is about to be deleted at Stripe.
    case customerDoomed(customerId: String)
    /// The database has migrations that this version does not know.
    case newerDatabase(version: Int, known: Int)
    /// A migration that was applied differs from the one compiled in.
    case changedMigration(name: String)
    /// The database belongs to another Stripe account or mode.
    case wrongAccount(bound: String, given: String)
    /// The database belongs to another application.
    case otherApp(bound: String, given: String)
    /// The audit log's key or anchor, files beside the database, can't be read or written.
    case auditFile(path: String, reason: String)
    /// Nothing of the audit log was written under the key that is given.
    case otherAuditKey(source: String)
    /// The audit log's table did not keep an event that was appended.
    case auditEventNotStored
    case closed
}

extension StoreError {
    /// It may pass by itself: a lock, a full disk, a failure to read or write.
    package var isTemporary: Bool {
        switch self {
        case .engine(let failure): failure.isTemporary
        case .auditFile: true
        default: false
        }
    }
}

extension StoreError: CustomStringConvertible {
    /// What an account's name begins with that is none of Stripe's.
    package static let sandbox = "the sandbox"

    /// One sentence without anything personal.
    package var description: String {
        switch self {
        case .engine(let failure): failure.description
        case .cannotOpen(let path, let reason): "can't open \(path): \(reason)"
        case .userExists: "The user exists already"
        case .keyReused: "The idempotency key was used before with other params"
        case .callOvertaken: "The same call is being carried out under its idempotency key; repeat it"
        case .usersTableRefuses(let rule, _): "The users table refuses the row by a rule of its own: \(rule)"
        case .unfitUserID: "users.id is an integer: give a whole number as text, such as \"7\""
        case .usersTableUnfit(let reason): "The users table can't be used: \(reason)"
        case .nameTaken(let kind, let name):
            "The database's \(kind) \(name) isn't of stripe-customers: rename it, or use a database file of its own"
        case .customerTaken: "The customer is linked to another user"
        case .customerDoomed: "The customer is about to be deleted"
        case .newerDatabase(let version, let known):
            "The database is at migration \(version); this version knows \(known): use a newer stripe-customers"
        case .changedMigration(let name): "The migration \(name) was applied in another form than this version has"
        case .wrongAccount(let bound, let given):
            "The database belongs to \(bound); "
                + (given.hasPrefix(Self.sandbox) ? "this start is for \(given)" : "the key given is for \(given)")
        case .otherApp(let bound, let given):
            "The database belongs to the application \(bound), not to \(given): leave --app out, or use the database of"
                + " \(given)"
        case .auditFile(let path, let reason): "The file \(path) of the audit log can't be used: \(reason)"
        case .otherAuditKey(let source):
            "The audit log was written under another key than that of \(source): put the right one back"
        case .auditEventNotStored:
            "The audit log does not take the event: is there a trigger on audit_events that isn't of stripe-customers?"
        case .closed: "The database is closed"
        }
    }
}
