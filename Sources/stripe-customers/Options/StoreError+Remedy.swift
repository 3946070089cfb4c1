import CustomerStore

extension StoreError {
    /// What the operator can do about it, in the terms of the command line: what a start says that is refused, and `check`.
    /// `nil` where the description tells it, or nobody knows.
    var remedy: String? {
        switch self {
        case .wrongAccount(let bound, let given):
            switch (bound.hasPrefix(Self.sandbox), given.hasPrefix(Self.sandbox)) {
            case (true, false): "start with --sandbox, or name a database of its own for Stripe with --database"
            case (false, true): "leave --sandbox out, or name a database of its own for the sandbox with --database"
            default:
                "take the key of that account and mode, or name a database of its own for this one with --database"
            }
        case .changedMigration: "run the version of stripe-customers that made it"
        case .usersTableUnfit: "change the table, or name another database with --database"
        default: nil
        }
    }
}
