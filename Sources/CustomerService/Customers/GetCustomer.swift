import Interface
import JSON
import Stripe

/// The customer as Stripe has it.
enum GetCustomer: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "getCustomer", group: .customers, effect: .reads, about: [.customerId],
        summary: "Reads a Stripe customer by its id.",
        description: "Answers the customer as Stripe has it now. A deleted customer is the error `customer_deleted`.",
        params: [
            .required("customerId", .customerId)
        ],
        result: .customer.described("The customer as Stripe has it now."),
        errors: .ofStripe(after: [.customerNotFound, .customerDeleted], before: [.accessDenied, .storageUnavailable]),
        example: .init(
            params: ["customerId": "cus_NffrFeUfNV2Hib"],
            result: [
                "id": "cus_NffrFeUfNV2Hib", "object": "customer", "created": 1767225600, "email": "ada@example.com",
                "livemode": false, "metadata": ["userId": "user_42"], "name": "Ada Lovelace",
            ]))

    struct Params: Decodable, Sendable { var customerId: String }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        try await service.livingCustomer(params.customerId).object
    }
}
