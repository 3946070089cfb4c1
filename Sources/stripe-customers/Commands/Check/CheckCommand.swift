import JSON
import Stripe

/// `check`: looks at everything that a session needs, before one begins. Changes nothing, here and at Stripe, and makes no
/// file. A person gets a line each, a program one JSON object.
/// - Returns: `configuration` when anything is wrong.
func check(_ options: Options, environment: [String: String]) async throws(StartFailure) -> ExitCode {
    var report = CheckReport(environment)
    let key = KeyCheck.form(options, environment)
    try await checkStripe(options, environment, key, &report)
    for finding in DatabaseCheck.look(options, environment, key: key) { try report.add(finding) }
    try report.add(WebhookSecretCheck.look(options, environment))
    if options.policyFile != nil { try report.add(PolicyCheck.look(options)) }
    if let files = FilePermissions(options).finding { try report.add(files) }
    try report.finish()
    return report.isWell ? .ok : .configuration
}

/// The key, the way to Stripe, and what the key may do there. One after the other, and where one fails the rest would only
/// say the same again.
private func checkStripe(
    _ options: Options, _ environment: [String: String], _ key: Result<SecretKey?, StartFailure>,
    _ report: inout CheckReport
) async throws(StartFailure) {
    let names = [StripeCheck.name, AccountCheck.name, RightsCheck.name, ClockCheck.name]
    do throws(StartFailure) { _ = try key.get() } catch {
        try report.add(.failed(KeyCheck.name, error, next: "let this user read the file, or name another"))
        for name in names { try report.add(.skipped(name, "not looked at without a key")) }
        return
    }
    let probe: StripeProbe
    do throws(StartFailure) { probe = try StripeProbe(options, environment) } catch {
        try report.add(KeyCheck.look(key, first: nil))
        try report.add(.failed(StripeCheck.name, error, next: "let this user read the file, or name another"))
        for name in names.dropFirst() { try report.add(.skipped(name, "not looked at without a way to Stripe")) }
        return
    }
    // Every key needs that one.
    let first = await probe.read(RightsCheck.customers)
    let keyFinding = KeyCheck.look(key, first: first)
    let wayFinding = StripeCheck.look(options, first)
    try report.add(keyFinding)
    try report.add(wayFinding)
    if keyFinding.state == .failed || wayFinding.state == .failed {
        try report.add(.skipped(AccountCheck.name, "not looked at, since Stripe has not let this process in"))
        try report.add(.skipped(RightsCheck.name, "not looked at, since Stripe has not let this process in"))
    } else {
        let account = await AccountCheck.look(options, try? key.get(), probe, first)
        try report.add(account)
        try report.add(
            account.state == .failed
                ? .skipped(RightsCheck.name, "not looked at without an account")
                : await RightsCheck.look(options, probe, first))
    }
    try report.add(ClockCheck.look(options, probe))
}
