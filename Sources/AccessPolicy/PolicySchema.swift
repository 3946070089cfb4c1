package import Interface
package import JSON

extension AccessPolicy {
    /// The schema of the file that `--policy` names: `policy.json`.
    package static func schema(for service: ServiceDescription) -> JSONValue {
        let open = names(service.methods.filter(\.isOpen), last: " and ")
        let role = Shape.fields([
            .required(
                "methods", .list(of: .oneOf(["*"] + service.names)),
                "The methods it may call; `*` is all of them, but under `self` none that undoes what the host decided (\(names(service.methods.filter(\.mustBeNamed), last: ", "))): those have to be named."
            ),
            .optional(
                "scope", .oneOf("all", "self").byDefault("all"),
                "`self`: only on itself, so `userId` must be the actor's own id and a customer the actor's own. `all`: on everybody."
            ),
            .optional(
                "fields",
                .list(of: .oneOf("name", "phone", "address", "shipping", "preferred_locales", "email", "metadata")),
                "Under `self`: the fields that may be written on itself, in place of the defaults, which are `name`, `phone`, `address`, `shipping`, `preferred_locales` for a customer and `name`, `phone` for a user. `metadata` is the user's own, never a customer's."
            ),
        ]).described("One role.")
        let roles = Shape.object.and(
            "propertyNames",
            Shape.string(1...255).except("The role `system`, which the process itself acts as.", "const", "system")
                .described("The name of a role.").json
        )
        .and("additionalProperties", role.json)
        return Shape.fields([
            .optional("$schema", .string, "For editors."),
            .required(
                "roles", roles,
                "The roles by name; `system` is what the process itself acts as, and no role of a policy."),
        ])
        .described(
            "The access policy that `--policy` names: roles, each with the methods it may call. A request without `_meta.actor`, or with a role that is not here, may call only \(open)."
        )
        .examples([
            "roles": [
                "admin": ["methods": ["*"]],
                "member": [
                    "methods": ["getUser", "updateUser", "ensureCustomerExists"], "scope": "self",
                    "fields": ["name", "phone", "email"],
                ],
            ]
        ]).document(title: "Policy")
    }

    private static func names(_ methods: [MethodDeclaration], last: String) -> String {
        let names = methods.map { "`\($0.name)`" }
        guard names.count > 1, let end = names.last else { return names.joined() }
        return names.dropLast().joined(separator: ", ") + last + end
    }
}
