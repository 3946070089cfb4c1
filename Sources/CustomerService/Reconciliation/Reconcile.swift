import Interface
import JSON

/// Compares every user with every customer at Stripe, and repairs what is safe when asked to.
enum Reconcile: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "reconcile", group: .users, effect: .changesHere,
        summary: "Compares every user with every Stripe customer.",
        description:
            "Reports drift, users without customer, dead links, customers of nobody, several customers for one user, and links into the other mode or to another application's customers; customers that carry another application's mark are no finding. `fix` sends what users changed, takes in what was edited at Stripe, makes missing customers, and links a customer to the user it names, if it carries this application's mark, or none and has the user's address; it never deletes or archives anything. One that was interrupted goes on where it was. Sends `$/progress` when `_meta.progressToken` is given.",
        params: [
            .optional("fix", .boolean.byDefault(false), "Repairs what is safe.")
        ],
        result: .fields(
            [
                .required("users", .integer(0...), "Users looked at."),
                .required("customers", .integer(0...), "Customers looked at."),
                .required(
                    "keptEdits", .integer(0...),
                    "Fields that were edited at Stripe, are known to be, and stay so: not a finding."),
                .required("fix", .boolean, "Whether repairs were asked for."),
                .required("fixed", .integer(0...), "Findings repaired."),
                .required(
                    "counts", .map(of: .integer(1...)),
                    "How many findings there are of each kind, repaired ones included."),
                .required("truncated", .boolean, "Whether there are more findings than `findings` lists."),
                .required(
                    "findings",
                    .list(
                        of: .fields([
                            .required(
                                "kind",
                                .oneOf(
                                    "drift", "missing", "dead_link", "wrong_mode", "another_applications", "orphan",
                                    "duplicate"),
                                "`drift`: fields differ, and not because an edit at Stripe is known and kept. `missing`: a user without a customer. `dead_link`: the linked customer was deleted or does not exist. `wrong_mode`: the linked customer is of Stripe's other mode. `another_applications`: the linked customer carries another application's mark. `orphan`: a customer of no user. `duplicate`: several customers for one user."
                            ),
                            .optional("userId", .string, "The user."),
                            .optional("customerId", .string, "The customer; of several the one to keep."),
                            .optional("candidates", .list(of: .string), "All of a `duplicate`, the one to keep first."),
                            .optional(
                                "fields", .list(of: .string),
                                "The fields that differ, such as `email` or `metadata.plan`."),
                            .required("action", .string, "What to do, in words, with the methods to call."),
                            .required("fixed", .boolean, "Whether it is repaired."),
                        ]).described("One finding."), max: 10000),
                    "What is not in line, by kind; the first ten thousand."),
            ], required: ["users", "customers", "keptEdits", "fix", "fixed", "counts", "findings", "truncated"]
        ).described("The report."),
        errors: .ofStripe(before: [.accessDenied, .storageUnavailable]),
        example: .init(
            params: ["fix": false],
            result: [
                "users": 2, "customers": 3, "keptEdits": 0, "fix": false, "fixed": 0, "counts": ["dead_link": 1],
                "truncated": false,
                "findings": [
                    [
                        "kind": "dead_link", "userId": "user_42", "customerId": "cus_NffrFeUfNV2Hib",
                        "action": "ensureCustomerExists with verify makes a new customer", "fixed": false,
                    ]
                ],
            ]))

    struct Params: Decodable, Sendable { var fix: Bool? }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Reconciliation.Report {
        try await Reconciliation(service: service, fixes: params.fix ?? false).run { context.progress(.object($0)) }
    }
}
