import CustomerService
import Environment
import JSON

/// The secrets with which webhooks are verified: those in `STRIPE_WEBHOOK_SECRET`, and one in each file that
/// `--webhook-secret-file` names. Several stand side by side while one replaces the other.
struct WebhookSecrets: Sendable {
    /// Never to be logged or put into a message.
    let values: [String]
    /// What is wrong with one of them. It is no reason not to start: a stand-in for Stripe may sign with any
    /// secret, and everything but webhooks works without.
    let faults: [PastedSecret.Fault]

    init(_ options: Options, environment: [String: String]) throws(StartFailure) {
        var found = webhookSecrets(in: environment["STRIPE_WEBHOOK_SECRET"] ?? "").map {
            (place: "STRIPE_WEBHOOK_SECRET", secret: PastedSecret($0))
        }
        for path in options.webhookSecretFiles {
            let secret = try pastedLine("--webhook-secret-file", path)
            guard !secret.text.isEmpty else {
                throw StartFailure(
                    .configuration, "the file of --webhook-secret-file, \(path), is empty or begins with an empty line",
                    remedy: "write the secret into its first line")
            }
            found.append(("--webhook-secret-file", secret))
        }
        values = found.map(\.secret.text)
        faults = found.compactMap { place, secret in
            Self.fault(secret).map { .init("the webhook secret in \(place) \($0.cause)", $0.remedy) }
        }
    }

    /// - Returns: why Stripe can't have given out such a secret; `nil` for one that it may have.
    static func fault(_ secret: PastedSecret) -> PastedSecret.Fault? {
        let beginning = "whsec_"
        let source = "copy the signing secret from the endpoint's page in Stripe's dashboard"
        if let blemish = secret.blemish(before: [beginning]) { return blemish }
        if secret.text == beginning { return .init("is cut off after \(beginning)", source) }
        if secret.text.hasPrefix(beginning) { return nil }
        if ["sk_", "rk_", "pk_"].contains(where: secret.text.hasPrefix) { return .init("is an API key", source) }
        if secret.text.hasPrefix("we_") { return .init("is the id of a webhook endpoint (we_…)", source) }
        return .init("is no whsec_…, as Stripe's are", source)
    }

    func warn(_ log: Log) {
        for fault in faults {
            log(.warning, "webhook_secret.unfit", ["reason": .string("\(fault.cause): \(fault.remedy)")])
        }
    }
}
