import CustomerService
import CustomerStore
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `sync`: brings every user in line with Stripe. Killed and started again it goes on: users that are in line cost no call.
/// - Returns: `findings` when any user failed.
func sync(
    _ options: Options, dryRun: Bool, environment: [String: String]
) async throws(StartFailure) -> ExitCode {
    let summary = try await longTask(options, environment: environment) { service, store throws(ServiceError) in
        let display = ProgressDisplay(total: (try? await store.userCount()) ?? 0, unit: "users")
        let summary = try await Backfill(service: service, isDryRun: dryRun).run { summary in
            display.show(summary.users, remark(summary))
        }
        display.finish(summary.users, remark(summary))
        return summary
    }
    if isatty(2) == 1 {
        for failure in summary.failures { complain("\(failure.userId): \(failure.type): \(failure.reason)") }
    }
    guard let value = try? JSONValue(encoding: summary) else {
        throw StartFailure(.internalError, "the summary could not be written")
    }
    try printLine(value.serialized())
    return summary.failed == 0 ? .ok : .findings
}

private func remark(_ summary: Backfill.Summary) -> String {
    summary.failed == 0 ? "" : "\(summary.failed) failed"
}
