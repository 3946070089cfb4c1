import Interface
import JSON
import Stripe

/// Customers as Stripe lists them: newest first.
enum ListCustomers: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "listCustomers", group: .customers, effect: .reads,
        summary: "Lists Stripe customers, the newest first.",
        description:
            "One page of Stripe's list. `email` filters as Stripe does: exact and case-sensitive; see `getCustomerByEmail` for a look-up without regard to case.",
        params: [
            .optional("limit", .limit),
            .optional("startingAfter", .customerId, "The last customer of the page before."),
            .optional("email", .email, "Only customers with exactly this email."),
        ],
        result: .fields([
            .required("data", .list(of: .customer), "The customers."),
            .required(
                "hasMore", .boolean, "Whether there are more; pass the last entry's id as `startingAfter` to get them."),
        ]).described("One page of customers."),
        errors: .ofStripe(after: [.customerNotFound], before: [.accessDenied, .storageUnavailable]),
        example: .init(
            params: ["limit": 2],
            result: [
                "data": [
                    [
                        "id": "cus_NffrFeUfNV2Hib", "object": "customer", "created": 1767225600,
                        "email": "ada@example.com", "livemode": false, "metadata": ["userId": "user_42"],
                        "name": "Ada Lovelace",
                    ]
                ], "hasMore": false,
            ]))

    struct Params: Decodable, Sendable {
        var limit: Int?
        var startingAfter: String?
        var email: String?
    }

    struct Answer: Encodable, Sendable {
        var data: [JSONObject]
        var hasMore: Bool
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        do throws(StripeError) {
            let page = try await service.stripe.listCustomers(
                email: params.email, limit: params.limit ?? 10, startingAfter: params.startingAfter
            ).value
            return Answer(data: page.data.map(\.object), hasMore: page.hasMore)
        } catch {
            // The place in the list is a customer, too.
            guard error.missing == .object(param: "starting_after") else { throw ServiceError(error) }
            var missing = error
            missing.kind = .notFound
            throw ServiceError(missing, customerId: params.startingAfter)
        }
    }
}
