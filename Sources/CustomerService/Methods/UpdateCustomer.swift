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
