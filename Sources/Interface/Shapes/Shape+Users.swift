import JSON

extension Shape {
    package static let userId = Shape.defined(
        "UserId",
        "The id of a user in the host's own system: any text of up to 255 characters without control characters.",
        .string(1...255).matching(#"^[^\u0000-\u001F\u007F]+$"#).examples("user_42"))

    package static let email = Shape.defined(
        "Email",
        "An email address: one @ with text on both sides, without white space or control characters. Up to 512 characters; internationalised addresses are welcome. Stripe decides about the rest.",
        .string(...512).matching(#"^[^@\s\u0000-\u001F\u007F-\u009F]+@[^@\s\u0000-\u001F\u007F-\u009F]+$"#).examples(
            "ada@example.com", "jürgen@müller.example"))

    package static let user = Shape.defined(
        "User",
        "A user of the host, as kept in its `users` table.",
        .fields([
            .required("id", .string, "The user's id."),
            .required("email", .string.orNull, "The email address."),
            .required("name", .string.orNull, "The full name."),
            .required("phone", .string.orNull, "The phone number."),
            .required("metadata", .map(of: .string), "The user's own pairs of text."),
            .required("customerId", .string.orNull, "The linked Stripe customer, `null` while there is none."),
        ]))

    package static let metadata = Shape.defined(
        "Metadata",
        "Up to 48 pairs of text. A key has up to 40 characters and no square brackets, a value up to 500. The key `userId` and those that begin with `stripe_customers_` are the service's own. No sensitive data belongs here.",
        .object.and("maxProperties", 48).and("propertyNames", metadataName)
            .and("additionalProperties", text(1...500).json)
            .examples(["plan": "pro"]))

    package static let metadataChange = Shape.defined(
        "MetadataChange",
        "The keys to change: a text sets the key, `null` unsets it, a key left out stays. `null` in place of the object unsets every key. The key `userId` and those that begin with `stripe_customers_` are the service's own and stay as they are.",
        .object.orNull.and("maxProperties", 50).and("propertyNames", metadataName)
            .and("additionalProperties", text(1...500).orNull.json)
            .examples(["plan": "team", "trial": .null]))

    package static let errorData = Shape.defined(
        "ErrorData",
        "The same as `error.data` of an error answer.",
        .fields(
            [
                .required("type", .string, "The kind of failure, such as `stripe_unavailable`."),
                .required("message", .string, "The failure in words, without personal data."),
                .required("retryable", .boolean, "Whether the same step may succeed later without a change."),
                .optional("stripe", .object, "What Stripe said: `type`, `code`, `param`, `requestId`."),
            ], isOpen: true))

    package static let sync = Shape.defined(
        "Sync",
        "How far Stripe is in line with the user.",
        .fields([
            .required(
                "state", .oneOf("synced", "pending", "parked"),
                "`synced`: Stripe has the user's data. `pending`: queued on disk, carried out by itself. `parked`: Stripe refused it for good; see getSyncStatus."
            ),
            .optional(
                "outcome", .oneOf("created", "updated", "unchanged", "relinked"),
                "What the synchronisation did: `relinked` means that an existing customer of this user was found and linked, or that a new one took the place of one that is gone at Stripe."
            ),
            .optional("changed", .list(of: .string), "The fields that were sent to Stripe."),
            .optional("reason", .string, "Why it is pending or parked, in words."),
            .optional("error", .errorData),
        ]))

    private static let metadataName = text(1...40).matching(#"^[^\[\]]*$"#)
        .except(
            "A reserved name: `userId`, or one that begins with `stripe_customers_`.", "pattern",
            "^(userId$|stripe_customers_)"
        )
        .described("A name without square brackets.").json
}
