import CustomerStore
import Environment
import JSON
import Stripe

/// Changes the given fields of a customer: what is left out stays, null unsets. The marks in its metadata stay whatever is
/// asked for: by them a lost database finds its users' customers again.
enum UpdateCustomer: ServiceMethod {
    static let name = "updateCustomer"
    static let repetition: Repetition? = .customer

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
        let unsetsMetadata = params.fields["metadata"]?.isNull == true
        return try await service.change(
            params.customerId, for: context.noted, dependsOnCustomer: unsetsMetadata,
            isDone: { $0.has(params.fields) }
        ) { customer in
            unsetsMetadata ? unset(params.fields, of: customer) : params.fields
        }.object
    }

    /// To Stripe a null unsets all of the metadata, the marks included: so each name is unset by itself. A customer without
    /// its marks would be anybody's, if only until they are put back.
    private static func unset(_ fields: JSONObject, of customer: Customer) -> JSONObject {
        var fields = fields
        let own = (customer.metadata ?? [:]).members.filter { !CustomerMark.isReserved($0.name) }
        fields["metadata"] = .object(JSONObject(own.map { .init($0.name, .null) }))
        return fields
    }
}
