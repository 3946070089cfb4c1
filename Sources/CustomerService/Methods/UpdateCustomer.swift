internal import Environment
internal import JSON
internal import Stripe

/// Changes the given fields of a customer: what is left out stays, null unsets.
enum UpdateCustomer: ServiceMethod {
    static let name = "updateCustomer"

    struct Params: Decodable, Sendable {
        let customerId: String
        /// Everything else, under Stripe's own names.
        let fields: JSONObject

        init(from decoder: any Decoder) throws {
            var fields = try decoder.singleValueContainer().decode(JSONObject.self)
            customerId = fields["customerId"]?.string ?? ""
            fields["customerId"] = nil
            self.fields = fields
        }
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        try await service.change(
            params.customerId, params.fields, idempotencyKey: context.idempotencyKey ?? service.freshKey()
        ).object
    }
}

extension CustomerService {
    func freshKey() -> String { "call-" + identifiers.next() }

    /// One update of one customer, alone across all processes.
    func change(
        _ customerId: String, _ fields: JSONObject, idempotencyKey: String
    ) async throws(ServiceError) -> Customer {
        try await sync.withLease(on: customerId) { () async throws(ServiceError) in
            let failure: StripeError
            do throws(StripeError) {
                return try await stripe.updateCustomer(customerId, fields, idempotencyKey: idempotencyKey).value
            } catch {
                failure = error
            }
            throw await explained(failure, customerId)
        }
    }

    /// The customer when it is alive.
    /// - Throws: `customer_deleted`, `customer_not_found`.
    func livingCustomer(_ customerId: String) async throws(ServiceError) -> Customer {
        let customer: Customer
        do throws(StripeError) {
            customer = try await stripe.retrieveCustomer(customerId).value
        } catch {
            throw ServiceError(error, customerId: customerId)
        }
        guard !customer.isDeleted else { throw .customerDeleted(customerId) }
        return customer
    }

    /// Stripe says 404 of a customer that was deleted as of one that never was; a retrieve tells them apart.
    func explained(_ error: StripeError, _ customerId: String) async -> ServiceError {
        if error.kind == .notFound, let customer = try? await stripe.retrieveCustomer(customerId).value,
            customer.isDeleted
        {
            return .customerDeleted(customerId)
        }
        return ServiceError(error, customerId: customerId)
    }
}

extension ServiceError {
    static func customerDeleted(_ customerId: String) -> ServiceError {
        ServiceError(
            .customerDeleted, "The customer was deleted", details: ["customerId": .string(customerId)])
    }
}
