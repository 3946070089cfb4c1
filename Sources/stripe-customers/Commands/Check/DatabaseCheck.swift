import CustomerStore
import Environment
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whether the database can be opened and belongs to the key's account, and whether its users table can serve. Not a byte of
/// it is changed, nor of what lies beside it.
enum DatabaseCheck {
    static let name = "database"
    static let usersName = "users"

    /// - Returns: First that of the database; then those of the users table, with a line for each concern.
    static func look(
        _ options: Options, _ environment: [String: String], key: Result<SecretKey?, StartFailure>
    ) -> [Finding] {
        let path = options.database
        let nobody = Finding.skipped(usersName, "none yet; the first start makes the table where there is none")
        guard path != ":memory:" else { return [.ok(name, "in memory; with the process it is gone"), nobody] }
        if let fault = openingFault(path) {
            return [
                .failed(
                    name, "can't open \(path): \(fault)",
                    next: "let this user read and write the file and its directory, or name another with --database"),
                .skipped(usersName, "not looked at without the database"),
            ]
        }
        guard access(path, F_OK) == 0 else {
            return [.ok(name, "none yet at \(path); the first start makes it", ["path": .string(path)]), nobody]
        }
        let inspection: DatabaseInspection
        do throws(StoreError) { inspection = try Database(path: path).look() } catch {
            return [
                .failed(name, "\(path): \(error.description)", next: nextStep(error)),
                .skipped(usersName, "not looked at without the database"),
            ]
        }
        return [database(inspection, options, environment, key: key), users(inspection)]
            + inspection.usersConcerns.map { .warning(usersName, $0.cause, next: $0.remedy) }
    }

    private static func database(
        _ inspection: DatabaseInspection, _ options: Options, _ environment: [String: String],
        key: Result<SecretKey?, StartFailure>
    ) -> Finding {
        let path = options.database
        do throws(StartFailure) {
            let given = try auditKey(options, environment: environment)
            if given == nil, inspection.needsAuditKey, access(path + ".audit-key", R_OK) != 0 {
                return .failed(
                    name, "the key of its audit log, \(path).audit-key, can't be read: \(systemReason(errno))",
                    next: "put it back, or let this user read it; the guide's AuditAndErasure.md tells what to do where"
                        + " it is lost")
            }
        } catch {
            return .failed(name, error, next: "lengthen it, or leave the variable out for the key in the file")
        }
        if let fault = inspection.applicationFault(options.app) {
            return .failed(name, fault.description, next: nextStep(fault))
        }
        // Without a key that is known nobody knows what it would have to be bound to.
        if case .success(let key) = key,
            let fault = inspection.bindingFault(
                account: StripeSide.accountName(options, isLive: key?.isLive), keyOwner: key?.account)
        {
            return .failed(name, fault.description, next: nextStep(fault))
        }
        let pending = inspection.pending.count
        let state =
            switch pending {
            case 0: "up to date"
            case 1: "one migration pending, which the next start applies"
            default: "\(pending) migrations pending, which the next start applies"
            }
        var facts: JSONObject = ["path": .string(path), "pending": .number(JSONNumber(pending))]
        facts["account"] = inspection.account.map { .string($0) }
        return .ok(name, "\(path), \(state)" + (inspection.account.map { "; it belongs to \($0)" } ?? ""), facts)
    }

    private static func users(_ inspection: DatabaseInspection) -> Finding {
        if let fault = inspection.usersFault {
            return .failed(usersName, fault.description, next: nextStep(fault))
        }
        guard let count = inspection.userCount else {
            return .ok(usersName, "no table users yet; the next start makes it")
        }
        let facts: JSONObject = [
            "count": .number(JSONNumber(count)), "unlinked": .number(JSONNumber(inspection.unlinkedCount ?? count)),
        ]
        guard let unlinked = inspection.unlinkedCount, unlinked > 0 else {
            return .ok(usersName, count == 1 ? "1 user" : "\(count) users", facts)
        }
        return .ok(usersName, "\(count) users, \(unlinked) of them without a customer until sync is run", facts)
    }

    private static func nextStep(_ error: StoreError) -> String {
        switch error {
        case .otherApp: "leave --app out, or name that application's own database with --database"
        case .newerDatabase: "run the newer version of stripe-customers that was here before"
        case .nameTaken: "rename that, or name a database of its own with --database"
        case .engine, .cannotOpen: "see that it is an SQLite database which no other program holds locked"
        default: error.remedy ?? "mend that and check again"
        }
    }
}
