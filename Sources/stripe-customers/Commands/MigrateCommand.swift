import CustomerStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `migrate`: brings the database up to date, printing each migration; with `--dry-run` only says what it would do. A
/// program that reads the output gets a line `applied NAME` or `pending NAME` for each and nothing else; a person is
/// also told what that means. Either is told on stderr of users that nothing will be done for by itself.
func migrate(
    _ options: Options, dryRun: Bool, environment: [String: String]
) throws(StartFailure) {
    let database = Database(path: options.database)
    let names: [String]
    var waiting = 0
    var concerns: [UsersTableConcern] = []
    do throws(StoreError) {
        names =
            try dryRun
            ? database.pendingMigrations(app: options.app)
            : database.migrate(app: options.app)
        // A database in memory is gone by now, and had no users; a dry run makes none.
        if options.database != ":memory:", access(options.database, F_OK) == 0 {
            if !dryRun { waiting = try database.usersWithoutCustomer() }
            concerns = (try? database.look())?.usersConcerns ?? []
        }
    } catch {
        throw StartFailure(error)
    }
    defer {
        for concern in concerns { complain("users: \(concern.cause): \(concern.remedy)") }
        if waiting > 0 {
            let users = waiting == 1 ? "1 user has" : "\(waiting) users have"
            complain("\(users) no customer yet: run stripe-customers sync")
        }
    }
    let word = dryRun ? "pending" : "applied"
    guard let terminal = Terminal(1, environment) else {
        for name in names { try printLine("\(word) \(name)") }
        return
    }
    for name in names { try printLine("\(terminal.coloured(word, dryRun ? .yellow : .green)) \(name)") }
    switch (names.count, dryRun) {
    case (0, _): try printLine("\(options.database) is up to date")
    case (let count, true): try printLine("\(count) to apply to \(options.database): run migrate without --dry-run")
    case (let count, false): try printLine("\(options.database) is up to date now, \(count) applied")
    }
}
