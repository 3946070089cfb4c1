import CustomerService
import CustomerStore
import Interface
import JSON

/// `sync`: brings every user in line with Stripe. Killed and started again it goes on: users that are in line cost no call.
/// On a terminal it prints lines for a person, into a pipe or a file one line of JSON, the same as `syncAllUsers` answers.
/// - Returns: `findings` when any user failed.
func sync(
    _ options: Options, dryRun: Bool, environment: [String: String]
) async throws(StartFailure) -> ExitCode {
    let summary = try await longTask(options, environment: environment) { service, store throws(ServiceError) in
        let display = ProgressDisplay(total: (try? await store.userCount()) ?? 0, unit: "users", environment)
        let summary = try await Backfill(service: service, isDryRun: dryRun).run { summary in
            display.show(summary.users, remark(summary))
        }
        display.finish(summary.users, remark(summary))
        return summary
    }
    if let terminal = Terminal(1, environment) {
        for line in lines(summary, terminal) { try printLine(line) }
    } else {
        guard let value = try? JSONValue(encoding: summary) else {
            throw StartFailure(.internalError, "the summary could not be written")
        }
        try printLine(value.serialized())
    }
    return summary.failed == 0 ? .ok : .findings
}

private func remark(_ summary: Backfill.Summary) -> String {
    summary.failed == 0 ? "" : "\(summary.failed) failed"
}

/// What went wrong with whom, and the counts that are not 0.
private func lines(_ summary: Backfill.Summary, _ terminal: Terminal) -> [String] {
    let failures = terminal.table(
        summary.failures.map { (colour: .red, columns: [$0.userId, $0.reason]) })
    let more = summary.failed - summary.failures.count
    let counts: [(Int, String)] = [
        (summary.created, summary.dryRun ? "to create" : "created"),
        (summary.updated, summary.dryRun ? "to update" : "updated"),
        (summary.relinked, "relinked"), (summary.unchanged, "in line"), (summary.failed, "failed"),
    ]
    let told = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    let verdict = told.isEmpty ? "nothing to do" : told
    return failures + (more > 0 ? ["… and \(more) more"] : []) + [
        "\(summary.users) users: " + terminal.coloured(verdict, summary.failed == 0 ? .green : .yellow)
    ]
}
