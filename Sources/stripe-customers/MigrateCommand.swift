/// `migrate`: brings the database up to date, printing each migration.
func migrate(_ options: Options, dryRun: Bool) throws(StartFailure) {
    throw StartFailure(.usage, "migrate is not available in this version")
}
