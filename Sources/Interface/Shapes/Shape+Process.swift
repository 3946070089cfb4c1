import JSON

extension Shape {
    package static let meta = Shape.defined(
        "Meta",
        "`params._meta`, reserved in every method: who calls and under which terms. It is taken out before the params are read.",
        .fields([
            .optional(
                "actor",
                .fields([
                    .required("id", .string(1...255), "The actor's user id."),
                    .required(
                        "role",
                        .string.matching(#"^[^\u0000-\u001f\u007f-\u009f]+$"#).and("maxLength", 255).except(
                            "The role `system`, which the process itself acts as.", "const", "system"),
                        "A role of the access policy: a name without control characters."),
                ]), "On whose behalf the call is made; needed under an access policy."),
            .optional(
                "idempotencyKey",
                .string(1...255).matching("^[!-~]([ -~]*[!-~])?$").except(
                    "A key that begins with `stripe-customers-`, as the process's own do.", "pattern",
                    "^stripe-customers-"
                ).examples("order-8123-customer"),
                "A text of 1 to 255 visible ASCII characters without spaces at the ends. It is the host's own key, or under a policy the actor's own: the same key with the same params has one effect. Those that begin with `stripe-customers-` are the process's own."
            ),
            .optional(
                "timeoutMs", .integer(1...600000).examples(5000),
                "After this many milliseconds the call answers `deadline_exceeded`; what was queued goes on."),
            .optional(
                "progressToken",
                .types("string", "integer").and("maxLength", 255).and("minimum", -9007199254740991).and(
                    "maximum", 9007199254740991), "Sent back in each `$/progress` notification about this call."),
            .optional(
                "traceparent",
                .string.matching("^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$").examples(
                    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
                "A W3C trace context: version, trace id, parent id and flags, in lower-case hexadecimal digits joined by hyphens. It goes into the log."
            ),
        ]).examples(["actor": ["id": "admin_1", "role": "support"], "timeoutMs": 5000]))

    package static let limit = Shape.defined(
        "Limit",
        "How many entries the answer holds at most.",
        .integer(1...100).byDefault(10).examples(25))

    package static let operatorWait = Shape.defined(
        "OperatorWait",
        "What can't go on before the operator does something: replaces a key, sets up the Stripe account, mends the way to Stripe, changes a rule of the users table. It goes on by itself then.",
        .fields([
            .required("changes", .integer(0...), "How many changes wait; past 1000 they are not counted."),
            .required(
                "reasons",
                .list(
                    of: .fields([
                        .required("type", .string, "The kind of failure, such as `stripe_permission_denied`."),
                        .required("reason", .string, "What is wrong, without personal data."),
                        .required("changes", .integer(1...), "How many changes wait for it."),
                        .required("since", .time, "When the oldest of them was queued, UTC."),
                    ]).described("One reason."), max: 5), "Why, the commonest first; at most five."),
        ]))

    package static let actor = Shape.defined(
        "Actor",
        "On whose behalf the call was made.",
        .fields([
            .required("id", .string, "The actor's user id."),
            .required("role", .string, "A role of the access policy."),
        ]))

    package static let auditEvent = Shape.defined(
        "AuditEvent",
        "One entry of the audit log. Personal data appears in it only as a mask and a keyed hash.",
        .fields([
            .required("sequence", .integer(1...), "The position in the log, counted from 1 without gaps."),
            .required("at", .time, "When it happened, UTC."),
            .required("method", .string, "The method called, or the name of the background step."),
            .required(
                "outcome", .string,
                "`ok`, the `type` of the error that the caller got, or `unknown`: the process ended before Stripe had answered."
            ),
            .optional(
                "actor", .either(.actor, .null),
                "On whose behalf; `null` for the host itself; `system` for what the process does in the background."),
            .optional("userId", .string.orNull, "The user concerned."),
            .optional("customerId", .string.orNull, "The customer concerned."),
            .optional("details", .object, "What changed, in fields and masks."),
            .optional("previousHash", .string.orNull, "The hash of the entry before it."),
            .required("hash", .string, "The hash over this entry and the one before it."),
        ]))

    package static let auditAnchor = Shape.defined(
        "AuditAnchor",
        "A place in the audit log.",
        .fields([
            .required("sequence", .integer(1...Shape.largestInteger), "The position of the event."),
            .required("hash", .string.matching("^[0-9a-f]{64}$"), "Its hash: 64 hexadecimal digits in lower case."),
        ]))
}
