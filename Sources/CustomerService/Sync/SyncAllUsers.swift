import Interface
import JSON

/// Brings every user in line with Stripe. Those that are cost one local read, so a run that was killed is simply
/// started again.
enum SyncAllUsers: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "syncAllUsers", group: .users, effect: .changesHere,
        summary: "Brings every user in line with Stripe.",
        description:
            "The backfill: resumable, rate-limited, with `$/progress` when `_meta.progressToken` is given. `dryRun` counts what would be done and sends nothing.",
        params: [
            .optional("dryRun", .boolean.byDefault(false), "Reports what would be done, without doing it.")
        ],
        result: .fields([
            .required("users", .integer(0...), "Users looked at."),
            .required("created", .integer(0...), "Customers created."),
            .required("updated", .integer(0...), "Customers updated."),
            .required("unchanged", .integer(0...), "Customers already in line."),
            .required("relinked", .integer(0...), "Users linked to a customer of theirs that was found."),
            .required("failed", .integer(0...), "Users that failed."),
            .required(
                "failures",
                .list(
                    of: .fields([
                        .required("userId", .string, "The user."),
                        .required("type", .string, "The `type` of the error."),
                        .required("reason", .string, "The failure in words, without personal data."),
                    ]).described("One failed user.")), "Why, the first thousand of them."),
            .required("dryRun", .boolean, "Whether nothing was sent."),
        ]).described("The counts."),
        errors: .ofStripe(before: [.accessDenied, .storageUnavailable]),
        example: .init(
            params: ["dryRun": true],
            result: [
                "users": 3, "created": 1, "updated": 0, "unchanged": 1, "relinked": 0, "failed": 1,
                "failures": [
                    ["userId": "user_7", "type": "ambiguous_customer", "reason": "2 customers have this user's email"]
                ], "dryRun": true,
            ]))

    struct Params: Decodable, Sendable { var dryRun: Bool? }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Backfill.Summary {
        let backfill = Backfill(service: service, isDryRun: params.dryRun ?? false)
        return try await backfill.run { done in
            context.progress(["users": .number(JSONNumber(done.users)), "failed": .number(JSONNumber(done.failed))])
        }
    }
}
