import CustomerStore
import Interface
import JSON
import Stripe

/// The one customer of an address, without regard to case.
enum GetCustomerByEmail: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "getCustomerByEmail", group: .customers, effect: .reads, about: [.email],
        summary: "Finds the Stripe customer with an email address.",
        description:
            "Compares without regard to case, and leaves out customers that carry another application's mark. More than one match is the error `ambiguous_customer` with the candidates' ids, unless exactly one of them is linked to a user; that one is answered then.",
        params: [
            .required("email", .email)
        ],
        result: .either(.customer, .null).described("The one customer with this email, `null` when there is none."),
        errors: .ofStripe(after: [.ambiguousCustomer], before: [.accessDenied, .storageUnavailable]),
        example: .init(
            params: ["email": "Ada@example.com"],
            result: [
                "id": "cus_NffrFeUfNV2Hib", "object": "customer", "created": 1767225600, "email": "ada@example.com",
                "livemode": false, "metadata": ["userId": "user_42"], "name": "Ada Lovelace",
            ]))

    struct Params: Decodable, Sendable { var email: String }

    static func confined(_ answer: JSONValue, to own: OwnSubject) -> JSONValue {
        own.isCustomer(answer["id"]) ? answer : .null
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject? {
        if context.isConfined { return try await ownCustomer(of: context.actor?.id ?? "", params.email, service) }
        let customers = try await service.sync.lookup.customers(email: params.email, patience: .normal)
        return try await service.theOne(of: customers)?.object
    }

    /// Addresses are not unique: another customer of the same one, whosever it is, is no business of the actor's.
    private static func ownCustomer(
        of userId: String, _ email: String, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject? {
        let user = try await stored(await service.store.user(userId))
        guard let customerId = user?.customerId, let customer = try await service.presentCustomer(customerId),
            !customer.isDeleted, sameAddress(customer.email ?? "", email)
        else { return nil }
        return customer.object
    }
}
