import JSON

/// Whether webhooks can be verified.
enum WebhookSecretCheck {
    static let name = "webhook"

    static func look(_ options: Options, _ environment: [String: String]) -> Finding {
        let secrets: WebhookSecrets
        do throws(StartFailure) { secrets = try WebhookSecrets(options, environment: environment) } catch {
            return .failed(name, error, next: "let this user read the file, or name another")
        }
        if let fault = secrets.faults.first { return .failed(name, fault.cause, next: fault.remedy) }
        guard !secrets.values.isEmpty else {
            return .skipped(
                name,
                options.pollInterval == nil
                    ? "there is no secret, so handleWebhook refuses: set STRIPE_WEBHOOK_SECRET, or use --poll-interval"
                    : "there is no secret; --poll-interval brings the events")
        }
        let count = secrets.values.count
        return .ok(
            name, count == 1 ? "one secret" : "\(count) secrets side by side", ["secrets": .number(JSONNumber(count))])
    }
}
