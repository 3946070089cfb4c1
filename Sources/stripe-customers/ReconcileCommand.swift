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

/// `reconcile`: compares every user with every customer at Stripe. On a terminal it prints lines for a person, into a pipe
/// or a file one line of JSON, the same as the method answers.
/// - Returns: `findings` when anything is left that is not in line.
func reconcile(
    _ options: Options, fix: Bool, environment: [String: String]
) async throws(StartFailure) -> ExitCode {
    let report = try await longTask(options, environment: environment) { service, store throws(ServiceError) in
        let display = ProgressDisplay(total: 0, unit: "customers")
        let report = try await Reconciliation(service: service, fixes: fix).run { state in
            display.show(Int(state["customers"]?.int64 ?? 0), "\(state["users"]?.int64 ?? 0) users")
        }
        display.finish(report.customers, "\(report.users) users")
        return report
    }
    if isatty(1) == 1 {
        for line in lines(report) { try printLine(line) }
    } else {
        guard let value = try? JSONValue(encoding: report) else {
            throw StartFailure(.internalError, "the report could not be written")
        }
        try printLine(value.serialized())
    }
    return report.open == 0 ? .ok : .findings
}

private func lines(_ report: Reconciliation.Report) -> [String] {
    var lines = report.findings.map { finding in
        let subject = [finding["userId"]?.string, finding["customerId"]?.string].compactMap(\.self)
        let fields = finding["fields"]?.array?.compactMap(\.string) ?? []
        let what =
            [finding["kind"]?.string ?? ""] + subject + (fields.isEmpty ? [] : ["(\(fields.joined(separator: ", ")))"])
        let action = finding["fixed"]?.bool == true ? "repaired" : finding["action"]?.string ?? ""
        return what.joined(separator: " ") + ": " + action
    }
    if report.truncated { lines.append("… and more") }
    let counts = report.counts.members.map { "\($0.value.int64 ?? 0) \($0.name)" }
    lines.append(
        "\(report.users) users, \(report.customers) customers: "
            + (counts.isEmpty ? "all in line" : counts.joined(separator: ", "))
            + (report.fixed > 0 ? "; \(report.fixed) repaired" : "")
            + (report.keptEdits > 0 ? "; \(report.keptEdits) fields edited at Stripe are kept there" : ""))
    return lines
}
