import JSON

extension Shape {
    package static let addressChange = Shape.defined(
        "AddressChange",
        "A postal address in Stripe's fields; `null` unsets one of them.",
        .fields([
            .optional("city", .longText.orNull, "City, district, suburb, town or village."),
            .optional("country", .longText.orNull, "Country as a two-letter code (ISO 3166-1 alpha-2)."),
            .optional("line1", .longText.orNull, "Street, PO box or company name."),
            .optional("line2", .longText.orNull, "Apartment, suite, unit or building."),
            .optional("postal_code", .longText.orNull, "ZIP or postal code."),
            .optional("state", .longText.orNull, "State, county, province or region (ISO 3166-2)."),
        ]).examples(["line1": "10 Downing Street", "line2": .null]))

    package static let shippingChange = Shape.defined(
        "ShippingChange",
        "Where goods go; printed on the customer's invoices. Stripe wants `address` and `name` each time.",
        .fields([
            .required("address", .addressChange),
            .required("name", .longText, "The recipient's name."),
            .optional("phone", .longText.orNull, "The recipient's phone, extension included; `null` unsets it."),
        ]))

    package static let invoiceSettingsChange = Shape.defined(
        "InvoiceSettingsChange",
        "Defaults for this customer's invoices.",
        .fields([
            .optional(
                "custom_fields",
                .list(
                    of: .fields([
                        .required("name", .text(1...40), "The label."),
                        .required("value", .text(1...140), "What stands beside it."),
                    ]).described("One line that each invoice shows."), max: 4
                ).orNull, "Up to 4 lines that each invoice shows; `null` unsets, an empty list changes nothing."),
            .optional(
                "default_payment_method", .longText.orNull,
                "Id of a payment method attached to the customer that pays subscriptions and invoices; `null` unsets."),
            .optional("footer", .longText.orNull, "Text at the foot of each invoice; `null` unsets."),
            .optional(
                "rendering_options",
                .fields([
                    .optional(
                        "amount_tax_display", .oneOf("exclude_tax", "include_inclusive_tax").orNull,
                        "Whether amounts on the PDF include inclusive tax or no tax at all."),
                    .optional("template", .longText, "Id of the rendering template."),
                ]).orNull, "How invoice PDFs are rendered; `null` unsets."),
        ]))

    package static let taxChange = Shape.defined(
        "TaxChange",
        "What Stripe Tax needs to know.",
        .fields([
            .optional(
                "ip_address", .longText.orNull,
                "A recent IP address, from which the tax location is inferred; `null` unsets it."),
            .optional(
                "validate_location", .oneOf("auto", "deferred", "immediately").byDefault("auto"),
                "When Stripe checks the tax location."),
        ]))
}
