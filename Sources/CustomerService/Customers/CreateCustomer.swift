import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Makes a customer: for a user when one is named, else on its own, with a say on what to do when the address is taken.
enum CreateCustomer: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "createCustomer", group: .customers, effect: .changesAtStripe, about: [.userId], isRepeatable: false,
        summary: "Creates a Stripe customer.",
        description:
            "Creates one Stripe customer. A customer with the same email is an error unless `onDuplicateEmail` says otherwise. With `userId` the new customer is linked to that user, who must exist and have no customer. Give `_meta.idempotencyKey` to make a repeated call safe.",
        params: [
            // An address that is not the user's is refused by the method itself, once the role has `email`.
            .required("email", .email, onSelf: .ownAddress),
            .optional("name", .text(1...256), "The customer's full or business name.", onSelf: .byDefault),
            .optional("phone", .text(1...20), "The customer's phone number.", onSelf: .byDefault),
            .optional("description", .longText, "Free text shown beside the customer in Stripe's dashboard."),
            .optional("metadata", .metadata),
            .optional("address", .address, onSelf: .byDefault),
            .optional(
                "balance", .exactInteger.examples(-500),
                "Balance in the smallest currency unit that the next invoice takes into account: negative is credit, positive is owed."
            ),
            .optional("business_name", .text(1...150), "The name of the customer's business."),
            .optional("individual_name", .text(1...150), "The full name of the person."),
            .optional("cash_balance", .cashBalance),
            .optional(
                "invoice_prefix", .string.matching("^[A-Z0-9]{3,12}$"),
                "The prefix of the customer's invoice numbers: 3 to 12 uppercase letters or digits."),
            .optional("invoice_settings", .invoiceSettings),
            .optional(
                "next_invoice_sequence", .integer(1...Shape.largestInteger),
                "The number of the customer's next invoice."),
            .optional("payment_method", .longText, "Id of a payment method to attach."),
            .optional(
                "preferred_locales", .list(of: .longText, max: 100).examples(["en-GB", "fr"]),
                "Preferred languages, the first one preferred most.", onSelf: .byDefault),
            .optional("shipping", .shipping, onSelf: .byDefault),
            .optional("source", .longText, "A token or the id of a source to attach as the default one."),
            .optional("tax", .tax),
            .optional("tax_exempt", .oneOf("none", "exempt", "reverse"), "Whether invoices carry tax."),
            .optional(
                "tax_id_data",
                .list(
                    of: .fields([
                        .required("type", .longText, "The kind of tax id, such as `eu_vat`."),
                        .required("value", .longText, "The tax id itself."),
                    ]).described("One tax id."), max: 100), "Tax ids to attach."),
            .optional("test_clock", .longText, "Id of the test clock to attach the customer to (test mode only)."),
            .optional("validate", .boolean, "Whether Stripe checks the given source or payment method first."),
            .optional("userId", .userId, "The user to link the new customer to."),
            .option(
                "onDuplicateEmail", .oneOf("error", "return", "allow").byDefault("error"),
                "What happens when a customer with this email exists: `error` answers `customer_already_exists` with its id, `return` answers that customer, `allow` creates another one.",
                onSelf: .one(of: "error", "return")),
        ],
        result: .customer.described(
            #"The customer that was created, or the existing one with `onDuplicateEmail: "return"`."#),
        errors: .ofStripe(
            after: [.customerAlreadyExists, .userNotFound, .ambiguousCustomer],
            before: [
                .idempotencyConflict, .accessDenied, .storageUnavailable, .usersTableRefused,
            ]),
        example: .init(
            params: ["email": "ada@example.com", "name": "Ada Lovelace", "metadata": ["plan": "pro"]],
            result: [
                "id": "cus_NffrFeUfNV2Hib", "object": "customer", "created": 1767225600, "email": "ada@example.com",
                "livemode": false, "metadata": ["plan": "pro"], "name": "Ada Lovelace",
            ]))

    static let repetition: Repetition? = .customer

    struct Params: Decodable, Sendable {
        enum OnDuplicateEmail: String, Sendable { case error, `return`, allow }

        let userId: String?
        let onDuplicateEmail: OnDuplicateEmail
        let email: String
        /// What goes to Stripe, under Stripe's own names.
        let fields: JSONObject

        init(from decoder: any Decoder) throws {
            var fields = try decoder.singleValueContainer().decode(JSONObject.self)
            userId = fields["userId"]?.string
            onDuplicateEmail = fields["onDuplicateEmail"]?.string.flatMap(OnDuplicateEmail.init) ?? .error
            email = fields["email"]?.string ?? ""
            fields["userId"] = nil
            fields["onDuplicateEmail"] = nil
            self.fields = fields
        }
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        if let userId = params.userId {
            return try await forUser(userId, params, isRetry: context.noted?.isCarriedOn == true, service)
        }
        return try await onItsOwn(params, context.noted, service)
    }

    private static func unchanged(
        _ customerId: String, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        AuditScope.current?.isUnchanged = true
        return try await service.livingCustomer(customerId).object
    }

    // MARK: For a user

    /// The same path as every user's customer takes, so that there is never a second one. Name, phone and metadata are
    /// the user's before they are the customer's: they are written there first, else the next sync would undo them.
    /// - Parameter isRetry: The customer that is there may come from the first attempt.
    private static func forUser(
        _ userId: String, _ params: Params, isRetry: Bool, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        let found = try await stored(await service.store.user(userId))
        guard let user = found else { throw ServiceError.userNotFound(userId) }
        if let customerId = user.customerId {
            if isRetry { return try await unchanged(customerId, service) }
            throw alreadyExists([customerId], userId: userId)
        }
        guard sameAddress(user.email ?? "", params.email) else { throw otherEmail(userId) }

        var fields = params.fields
        let change = UserChange(
            name: fields["name"].map(\.string), phone: fields["phone"].map(\.string),
            metadata: fields["metadata"].map(\.object))
        if change.metadata != nil {
            var changed = user
            changed.apply(change)
            try requireRoomForMarks(in: changed.metadata)
        }
        for name in ["email", "name", "phone", "metadata"] { fields[name] = nil }
        let request = SyncRequest(extraFields: fields)
        let draft = service.sync.draft(request)
        let updated = try await stored(
            await service.store.updateUser(userId, change, at: service.clock.now(), draft: draft))
        let result = try await service.sync.bringInLine(userId, request, claimed: updated?.claim)
        if let refusal = result.refusal { throw refusal }
        if !result.isNewCustomer, !isRetry, params.onDuplicateEmail == .error {
            throw alreadyExists([result.customerId], userId: userId)
        }
        if let customer = result.customer { return customer.object }
        return try await service.livingCustomer(result.customerId).object
    }

    private static func otherEmail(_ userId: String) -> ServiceError {
        var error = ServiceError.violation(
            of: "const", at: "/email", "differs from the user's email; change that with updateUser first")
        error.details["userId"] = .string(userId)
        return error
    }

    // MARK: On its own

    private static func onItsOwn(
        _ params: Params, _ call: NotedCall?, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        // Look and create as one step, across all processes.
        let lease = service.store.lease(ofAddress: params.email)
        return try await service.sync.withLease(lease, "the address") { () async throws(ServiceError) in
            let isCarriedOn = call?.isCarriedOn == true
            guard isCarriedOn || params.onDuplicateEmail != .allow else {
                return try await create(params, call, service)
            }
            let existing = try await service.sync.lookup.customers(email: params.email, patience: .normal)
            if let call, isCarriedOn, let made = existing.first(where: { isMade($0, by: call, params) }) {
                // The first attempt's key tells whether it is its own, as long as Stripe knows that.
                let isReplayed = service.sync.isKeyKept(since: call.since) && !call.hasRenewedKey
                return isReplayed ? try await create(params, call, service) : made.object
            }
            if !existing.isEmpty, params.onDuplicateEmail != .allow {
                guard params.onDuplicateEmail == .return else { throw alreadyExists(existing.map(\.id)) }
                if let customer = try await service.theOne(of: existing) {
                    AuditScope.current?.isUnchanged = true
                    return customer.object
                }
            }
            return try await create(params, call, service)
        }
    }

    /// Whether an earlier attempt of the call may have made the customer: it is not older, and in everything as the call
    /// wants it.
    private static func isMade(_ customer: Customer, by call: NotedCall, _ params: Params) -> Bool {
        // Clocks differ by minutes at most.
        let earliest = call.since / 1000 - 300
        return customer.created.map { $0 >= earliest } == true && customer.has(params.fields)
    }

    private static func create(
        _ params: Params, _ call: NotedCall?, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        var fields = params.fields
        if let app = service.store.app {
            var metadata = fields["metadata"]?.object ?? [:]
            metadata[CustomerMark.app] = .string(app)
            fields["metadata"] = .object(metadata)
        }
        let result: Result<StripeReply<Customer>, StripeError>
        do throws(StripeError) {
            result = .success(
                try await service.stripe.createCustomer(
                    fields, idempotencyKey: service.stripeKey(of: call)))
        } catch {
            result = .failure(error)
        }
        switch result {
        case .success(let reply):
            guard reply.isReplay || reply.value.isDeleted else { return reply.value.object }
            // What was saved under the key tells what was true then.
            return try await service.livingCustomer(reply.value.id).object
        case .failure(let failure):
            try await service.renewKey(of: call, after: failure)
            throw ServiceError(failure, for: call)
        }
    }

    private static func alreadyExists(_ customerIds: [String], userId: String? = nil) -> ServiceError {
        var details: JSONObject = [:]
        details["userId"] = userId.map { .string($0) }
        details["customerId"] = customerIds.first.map { .string($0) }
        if customerIds.count > 1 { details["candidates"] = .array(customerIds.map { .string($0) }) }
        let what = userId == nil ? "A customer with this email" : "The user's customer"
        return ServiceError(.customerAlreadyExists, "\(what) exists already", details: details)
    }
}
