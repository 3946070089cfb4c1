import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Changes the given fields of a customer: what is left out stays, null unsets. The marks in its metadata stay whatever is
/// asked for: by them a lost database finds its users' customers again.
enum UpdateCustomer: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "updateCustomer", group: .customers, effect: .changesAtStripe, about: [.customerId],
        summary: "Changes fields of a Stripe customer.",
        description:
            "Sends the given fields to Stripe. A field left out stays as it is, `null` unsets it; metadata is merged key by key. The service's own marks in the metadata (`userId` and names that begin with `stripe_customers_`) stay as they are: they are refused, and `metadata: null` unsets all but them. A customer that carries another application's mark is `customer_not_found`. Without any field the customer is answered unchanged.",
        params: [
            .required("customerId", .customerId),
            .optional(
                "email",
                .string(...512).orNull.matching(
                    #"^[^@\s\u0000-\u001F\u007F-\u009F]+@[^@\s\u0000-\u001F\u007F-\u009F]+$"#
                ).examples("ada@example.org"), "The new email address; `null` unsets it.", onSelf: .ifNamed),
            .optional(
                "name", .text(1...256).orNull, "The customer's full or business name; `null` unsets it.",
                onSelf: .byDefault),
            .optional(
                "phone", .text(1...20).orNull, "The customer's phone number; `null` unsets it.", onSelf: .byDefault),
            .optional(
                "description", .longText.orNull,
                "Free text shown beside the customer in Stripe's dashboard; `null` unsets it."),
            .optional("metadata", .metadataChange),
            .optional(
                "address", .either(.addressChange, .null),
                "The customer's address; what is left out of it stays, `null` unsets it.", onSelf: .byDefault),
            .optional(
                "balance", .exactInteger.examples(-500),
                "Balance in the smallest currency unit that the next invoice takes into account: negative is credit, positive is owed."
            ),
            .optional("business_name", .text(1...150).orNull, "The name of the customer's business; `null` unsets it."),
            .optional("individual_name", .text(1...150).orNull, "The full name of the person; `null` unsets it."),
            .optional("cash_balance", .cashBalance),
            .optional(
                "default_source", .longText,
                "Id of a source already attached to the customer that becomes the default one."),
            .optional(
                "invoice_prefix", .string.matching("^[A-Z0-9]{3,12}$"),
                "The prefix of the customer's invoice numbers: 3 to 12 uppercase letters or digits."),
            .optional("invoice_settings", .invoiceSettingsChange),
            .optional(
                "next_invoice_sequence", .integer(1...Shape.largestInteger),
                "The number of the customer's next invoice."),
            .optional(
                "preferred_locales", .list(of: .longText, max: 100).orNull.examples(["en-GB", "fr"]),
                "Preferred languages, the first one preferred most; `null` clears them, an empty list changes nothing.",
                onSelf: .byDefault),
            .optional(
                "shipping", .either(.shippingChange, .null),
                "Where goods go; what is left out of it stays, `null` unsets it.", onSelf: .byDefault),
            .optional("source", .longText, "A token or the id of a source to attach as the default one."),
            .optional("tax", .taxChange),
            .optional(
                "tax_exempt", .oneOf("none", "exempt", "reverse").orNull,
                "Whether invoices carry tax; `null` unsets it."),
            .optional("validate", .boolean, "Whether Stripe checks the given source or payment method first."),
        ],
        result: .customer.described("The customer after the change."),
        errors: .ofStripe(
            after: [.customerNotFound, .customerDeleted],
            before: [
                .idempotencyConflict, .accessDenied, .storageUnavailable,
            ]),
        example: .init(
            params: ["customerId": "cus_NffrFeUfNV2Hib", "name": "Ada King", "phone": .null],
            result: [
                "id": "cus_NffrFeUfNV2Hib", "object": "customer", "created": 1767225600, "email": "ada@example.com",
                "livemode": false, "metadata": ["userId": "user_42"], "name": "Ada King", "phone": .null,
            ]))

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
