import Environment
import JSON

/// Takes in one event that Stripe delivered to the host's webhook endpoint.
enum HandleWebhook: ServiceMethod {
    static let name = "handleWebhook"

    struct Params: Decodable, Sendable {
        /// The body as it came: parsed and written again, its signature would not match.
        var payload: String
        var signature: String
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> WebhookOutcome {
        guard !service.webhookSecrets.isEmpty else {
            throw ServiceError(
                .invalidSignature,
                "No secret to check the signature with: set STRIPE_WEBHOOK_SECRET, or start with --webhook-secret-file PATH"
            )
        }
        do throws(WebhookSignature.Refusal) {
            try WebhookSignature(params.signature).verify(
                params.payload, secrets: service.webhookSecrets, at: service.clock.now())
        } catch {
            throw ServiceError(.invalidSignature, error.rawValue)
        }
        guard let object = (try? JSONValue(parsing: Array(params.payload.utf8)))?.object,
            let event = WebhookEvent(object)
        else { throw ServiceError.violation(of: "format", at: "/payload", "is signed, but is no event") }
        // Answered with a success it would be lost: a host that has only such a destination hears of no change at all.
        guard !WebhookEvent.isThin(object) else {
            service.log(.error, "events.thin", ["eventId": .string(event.id), "type": .string(event.type)])
            throw ServiceError.violation(
                of: "format", at: "/payload",
                "is a thin event, which is not understood yet: choose the payload style Snapshot for this destination "
                    + "in Stripe's dashboard")
        }
        return try await WebhookIntake(service: service).take(event)
    }
}

/// The secrets in the environment variable: several stand side by side while one replaces the other.
package func webhookSecrets(in variable: String) -> [String] {
    variable.split { $0 == "," || $0.isWhitespace }.map(String.init)
}
