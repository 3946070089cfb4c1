import JSON

extension Shape {
    package static let customerId = Shape.defined(
        "CustomerId",
        "The id of a Stripe customer: ASCII letters, digits and underscores, usually beginning with `cus_`.",
        .string(1...255).matching("^[A-Za-z0-9_]+$").examples("cus_NffrFeUfNV2Hib"))

    package static let customer = Shape.defined(
        "Customer",
        "Stripe's customer object as Stripe sends it, in Stripe's field names. Which fields are present depends on the API version and the account; unknown ones pass through.",
        .fields(
            [
                .required("id", .string(1...), "Stripe's id of the customer."),
                .required("object", .constant("customer"), "The kind of Stripe object."),
                .optional("address", .object.orNull, "Postal address."),
                .optional(
                    "balance", .integer,
                    "Balance in the smallest currency unit; negative is credit towards the next invoice."),
                .optional("business_name", .string.orNull, "Name of the business."),
                .optional("created", .integer, "Creation time in Unix seconds."),
                .optional("currency", .string.orNull, "Three-letter currency of the customer's invoices."),
                .optional("default_source", .types("string", "object", "null"), "Id of the default payment source."),
                .optional("delinquent", .boolean.orNull, "Whether the latest charge failed or an invoice is overdue."),
                .optional("description", .string.orNull, "Free text shown in Stripe's dashboard."),
                .optional("discount", .object.orNull, "The discount in force."),
                .optional("email", .string.orNull, "Email address."),
                .optional("individual_name", .string.orNull, "Full name of the person."),
                .optional("invoice_prefix", .string.orNull, "Prefix of invoice numbers."),
                .optional("invoice_settings", .object, "Defaults for invoices."),
                .optional("livemode", .boolean, "`false` in test mode and in a sandbox."),
                .optional("metadata", .map(of: .string), "Stripe metadata; a linked customer's `userId` is in it."),
                .optional("name", .string.orNull, "Full or business name."),
                .optional("next_invoice_sequence", .integer, "Number of the next invoice."),
                .optional("phone", .string.orNull, "Phone number."),
                .optional(
                    "preferred_locales", .list(of: .string).orNull, "Preferred languages, the first one preferred most."
                ),
                .optional("shipping", .object.orNull, "Shipping address, name and phone."),
                .optional("tax_exempt", .string.orNull, "`none`, `exempt` or `reverse`."),
                .optional(
                    "test_clock", .types("string", "object", "null"), "Id of the test clock that the customer lives on."
                ),
            ], isOpen: true))

    package static let address = Shape.defined(
        "Address",
        "A postal address in Stripe's fields.",
        .fields([
            .optional("city", .longText, "City, district, suburb, town or village."),
            .optional("country", .longText, "Country as a two-letter code (ISO 3166-1 alpha-2)."),
            .optional("line1", .longText, "Street, PO box or company name."),
            .optional("line2", .longText, "Apartment, suite, unit or building."),
            .optional("postal_code", .longText, "ZIP or postal code."),
            .optional("state", .longText, "State, county, province or region (ISO 3166-2)."),
        ]).examples(["city": "London", "country": "GB", "line1": "12 St James's Square", "postal_code": "SW1Y 4JH"]))

    package static let shipping = Shape.defined(
        "Shipping",
        "Where goods go; printed on the customer's invoices.",
        .fields([
            .required("address", .address),
            .required("name", .longText, "The recipient's name."),
            .optional("phone", .longText, "The recipient's phone, extension included."),
        ]))

    package static let invoiceSettings = Shape.defined(
        "InvoiceSettings",
        "Defaults for this customer's invoices.",
        .fields([
            .optional(
                "custom_fields",
                .list(
                    of: .fields([
                        .required("name", .text(1...40), "The label."),
                        .required("value", .text(1...140), "What stands beside it."),
                    ]).described("One line that each invoice shows."), max: 4), "Up to 4 lines that each invoice shows."
            ),
            .optional(
                "default_payment_method", .longText,
                "Id of a payment method attached to the customer that pays subscriptions and invoices."),
            .optional("footer", .longText, "Text at the foot of each invoice."),
            .optional(
                "rendering_options",
                .fields([
                    .optional(
                        "amount_tax_display", .oneOf("exclude_tax", "include_inclusive_tax"),
                        "Whether amounts on the PDF include inclusive tax or no tax at all."),
                    .optional("template", .longText, "Id of the rendering template."),
                ]), "How invoice PDFs are rendered."),
        ]))

    package static let cashBalance = Shape.defined(
        "CashBalance",
        "The customer's cash balance.",
        .fields([
            .optional(
                "settings",
                .fields([
                    .optional(
                        "reconciliation_mode", .oneOf("automatic", "manual", "merchant_default"),
                        "How funds that the customer transfers are applied to payments and invoices.")
                ]), "How the balance works.")
        ]))

    package static let tax = Shape.defined(
        "Tax",
        "What Stripe Tax needs to know.",
        .fields([
            .optional("ip_address", .longText, "A recent IP address, from which the tax location is inferred."),
            .optional(
                "validate_location", .oneOf("deferred", "immediately").byDefault("deferred"),
                "When Stripe checks the tax location."),
        ]))
}
