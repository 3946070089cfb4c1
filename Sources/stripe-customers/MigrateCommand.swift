import CustomerStore

/// `migrate`: brings the database up to date, printing each migration; with `--dry-run` only says what it would do.
func migrate(_ options: Options, dryRun: Bool) throws(StartFailure) {
    let names: [String]
    do throws(StoreError) {
        names =
            try dryRun
            ? MigrationRunner.pending(path: options.database) : MigrationRunner.migrate(path: options.database)
    } catch {
        throw StartFailure(error)
    }
    for name in names { try printLine("\(dryRun ? "pending" : "applied") \(name)") }
    if names.isEmpty { try printLine("nothing to apply: the database is up to date") }
}
