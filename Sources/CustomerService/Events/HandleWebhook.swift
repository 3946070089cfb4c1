import Environment
import Interface
import JSON

/// Takes in one event that Stripe delivered to the host's webhook endpoint.
enum HandleWebhook: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "handleWebhook", group: .users, effect: .changesHere, isTool: false,
        summary: "Takes in a Stripe webhook event.",
        description:
            "Checks the signature over the raw body, then applies what the event says about a customer. An event that was handled before, or that is older than what is known of its customer, changes nothing. Where the events leave open what the customer is now, Stripe is asked. Answer the delivery with an error when this does, so that Stripe delivers it again. Pass the body as received: parsing and writing it again breaks the signature.",
        params: [
            .required(
                "payload", .string(1...).examples(#"{"id":"evt_1MqqbKLt4dXK03v5qaIbiNCC","object":"event"}"#),
                "The raw request body.", isBytes: true),
            .required(
                "signature",
                .string(1...8192).examples(
                    "t=1767225600,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd"),
                "The value of the `Stripe-Signature` header."),
        ],
        result: .fields([
            .required(
                "handled", .boolean,
                "Whether the event is one that is acted upon: `customer.created`, `customer.updated` or `customer.deleted` of this account and mode. False leaves it to the host."
            ),
            .required("eventId", .string, "Stripe's id of the event."),
            .required("type", .string, "Stripe's type of the event."),
            .required(
                "effect",
                .oneOf("none", "duplicate", "stale", "echo", "recorded", "user_updated", "linked", "unlinked"),
                "What it did here. `none`: nothing here depends on it. `duplicate`: it was handled before. `stale`: newer news of the customer had come already. `echo`: it tells of a write of this service. `recorded`: what Stripe has is noted, so that a sync does not write over it. `user_updated`: an edit went into the user's row. `linked`: the user whom the customer names has it now. `unlinked`: the customer was deleted and its user has none any more; `ensureCustomerExists` makes a new one."
            ),
            .optional(
                "firstEffect", .oneOf("none", "stale", "echo", "recorded", "user_updated", "linked", "unlinked"),
                "Of a `duplicate`: what the event did when it came first, for a host that has not heard that answer. Left out where it is not known."
            ),
            .optional("userId", .string, "The user who has, had or got the customer, if any."),
            .optional("customerId", .string, "That customer."),
        ]).described("What the event did."),
        errors: .ofStripe(
            after: [.invalidSignature], before: [.accessDenied, .storageUnavailable, .usersTableRefused]),
        example: .init(
            params: [
                "payload": #"{"id":"evt_1MqqbKLt4dXK03v5qaIbiNCC","object":"event","type":"customer.deleted"}"#,
                "signature": "t=1767225600,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd",
            ],
            result: [
                "handled": true, "eventId": "evt_1MqqbKLt4dXK03v5qaIbiNCC", "type": "customer.deleted",
                "effect": "unlinked", "userId": "user_42", "customerId": "cus_NffrFeUfNV2Hib",
            ]))

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
