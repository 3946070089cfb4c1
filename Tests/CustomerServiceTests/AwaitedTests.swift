import CustomerService
import HTTP
import Interface
import Stripe
import Testing

@Suite("For whom a failure of Stripe's waits")
struct AwaitedTests {
    struct Row: Sendable {
        let kind: StripeError.Kind
        var status: Int?
        var code: String?
        var param: String?
        var isStripe = true
        var retryable: Bool?
        var connection: HTTPFailure.Kind?
        var isForeign = false
        let awaited: Awaited
    }

    @Test(
        "A refusal is the user's only where Stripe names a field of the user",
        arguments: [
            // Fields of the user.
            Row(kind: .rejected, status: 400, code: "email_invalid", param: "email", awaited: .user(.email)),
            Row(kind: .rejected, status: 400, param: "name", awaited: .user(.name)),
            Row(kind: .rejected, status: 400, code: "parameter_invalid_string", param: "phone", awaited: .user(.phone)),
            Row(kind: .rejected, status: 400, param: "metadata", awaited: .user(.metadata(nil))),
            Row(kind: .rejected, status: 400, param: "metadata[plan]", awaited: .user(.metadata("plan"))),
            // Everything else waits for the operator.
            Row(kind: .rejected, status: 400, awaited: .operator),
            Row(kind: .rejected, status: 400, code: "parameter_unknown", param: "novel", awaited: .operator),
            Row(kind: .rejected, status: 400, code: "parameter_unknown", param: "phone", awaited: .operator),
            Row(kind: .rejected, status: 400, code: "parameter_missing", param: "currency", awaited: .operator),
            Row(kind: .rejected, status: 400, code: "resource_missing", param: "source", awaited: .operator),
            Row(kind: .rejected, status: 400, code: "testmode_charges_only", awaited: .operator),
            Row(kind: .rejected, status: 402, code: "card_declined", awaited: .operator),
            Row(kind: .rejected, status: 402, param: "email", awaited: .operator),
            Row(kind: .rejected, status: 404, awaited: .operator),
            Row(kind: .rejected, status: 404, param: "email", awaited: .operator),
            Row(kind: .rejected, status: 424, awaited: .operator),
            Row(kind: .authentication, status: 401, awaited: .operator),
            Row(kind: .permission, status: 403, awaited: .operator),
            Row(kind: .permission, status: 403, code: "account_invalid", awaited: .operator),
            Row(kind: .unavailable, isStripe: false, connection: .tls, awaited: .operator),
            Row(kind: .unavailable, isStripe: false, connection: .proxy, awaited: .operator),
            Row(kind: .unavailable, isStripe: false, connection: .invalidRequest, awaited: .operator),
            Row(kind: .unavailable, status: 403, isStripe: false, awaited: .operator),
            Row(kind: .unavailable, status: 302, isStripe: false, awaited: .operator),
            Row(kind: .unavailable, isStripe: false, connection: .handshake, awaited: .operator),
            Row(kind: .unavailable, isStripe: false, connection: .proxyCredentials, awaited: .operator),
            Row(kind: .unavailable, status: 200, isStripe: false, isForeign: true, awaited: .operator),
            // These pass.
            Row(kind: .rejected, status: 409, retryable: true, awaited: .time),
            Row(kind: .rejected, status: 400, param: "email", retryable: true, awaited: .time),
            Row(kind: .rateLimited, status: 429, awaited: .time),
            Row(kind: .keyInUse, status: 409, awaited: .time),
            Row(kind: .idempotencyMismatch, status: 400, awaited: .time),
            Row(kind: .unavailable, status: 500, awaited: .time),
            Row(kind: .unavailable, status: 502, isStripe: false, awaited: .time),
            Row(kind: .unavailable, status: 200, isStripe: false, awaited: .time),
            Row(kind: .unavailable, isStripe: false, awaited: .time),
            Row(kind: .unavailable, isStripe: false, connection: .unresolved, awaited: .time),
            Row(kind: .unavailable, isStripe: false, connection: .refused, awaited: .time),
            Row(kind: .unavailable, isStripe: false, connection: .cannotConnect, awaited: .time),
            Row(kind: .unavailable, isStripe: false, connection: .timedOut, awaited: .time),
            Row(kind: .unavailable, isStripe: false, connection: .connectionLost, awaited: .time),
            Row(kind: .unavailable, isStripe: false, connection: .truncated, awaited: .time),
            Row(kind: .unavailable, isStripe: false, connection: .responseTooLarge, awaited: .time),
            Row(kind: .unavailable, isStripe: false, connection: .shutDown, awaited: .time),
            // No such customer: another link is needed.
            Row(kind: .notFound, status: 404, code: "resource_missing", awaited: .link),
        ])
    func table(row: Row) {
        let error = StripeError(
            row.kind, status: row.status, code: row.code, param: row.param, isStripeAnswer: row.isStripe,
            retryable: row.retryable, isForeign: row.isForeign, connection: row.connection)
        #expect(Awaited(error) == row.awaited)
    }
}
