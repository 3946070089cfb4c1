import CustomerService
import CustomerStore
import Interface
import JSON

/// `reconcile`: compares every user with every customer at Stripe. On a terminal it prints lines for a person, into a pipe
/// or a file one line of JSON, the same as the method answers.
/// - Returns: `findings` when anything is left that is not in line.
func reconcile(
    _ options: Options, fix: Bool, environment: [String: String]
) async throws(StartFailure) -> ExitCode {
    let report = try await longTask(options, environment: environment) { service, store throws(ServiceError) in
        let display = ProgressDisplay(total: 0, unit: "customers", environment)
        let report = try await Reconciliation(service: service, fixes: fix).run { state in
            display.show(Int(state["customers"]?.int64 ?? 0), "\(state["users"]?.int64 ?? 0) users")
        }
        display.finish(report.customers, "\(report.users) users")
        return report
    }
    if let terminal = Terminal(1, environment) {
        for line in lines(report, terminal) { try printLine(line) }
    } else {
        guard let value = try? JSONValue(encoding: report) else {
            throw StartFailure(.internalError, "the report could not be written")
        }
        try printLine(value.serialized())
    }
    return report.open == 0 ? .ok : .findings
}

/// What `--fix` repairs, so that nobody has to.
private let repairable: Set<String> = ["drift", "missing", "dead_link"]

/// A table of the findings, what a person has to do about them, and the counts.
private func lines(_ report: Reconciliation.Report, _ terminal: Terminal) -> [String] {
    var rows: [(colour: Terminal.Colour, columns: [String])] = []
    var actions: [String] = []
    var isRepairable = false
    for finding in report.findings {
        let isFixed = finding["fixed"]?.bool == true
        let kind = finding["kind"]?.string ?? ""
        var columns = [kind, finding["userId"]?.string ?? "-", finding["customerId"]?.string ?? "-"]
        let fields = finding["fields"]?.array?.compactMap(\.string) ?? []
        if !fields.isEmpty { columns.append(fields.joined(separator: ", ")) }
        if isFixed { columns.append("repaired") }
        rows.append((isFixed ? .green : .yellow, columns))
        guard !isFixed else { continue }
        if !report.fix, repairable.contains(kind) {
            isRepairable = true
        } else if let action = finding["action"]?.string.map({ "\(kind): \($0)" }), actions.last != action {
            actions.append(action)
        }
    }
    if isRepairable { actions.append("reconcile --fix repairs what is safe") }
    let counts = report.counts.members.map { "\($0.value.int64 ?? 0) \($0.name)" }.joined(separator: ", ")
    let verdict = counts.isEmpty ? "all in line" : counts
    let advice = actions.flatMap { Terminal.wrapped($0) }
    return terminal.table(rows) + (report.truncated ? ["… and more"] : []) + advice
        + [
            "\(report.users) users, \(report.customers) customers: "
                + terminal.coloured(verdict, report.open == 0 ? .green : .yellow)
                + (report.fixed > 0 ? "; \(report.fixed) repaired" : "")
        ]
        + (report.keptEdits > 0 ? ["\(report.keptEdits) fields edited at Stripe are kept there"] : [])
}
