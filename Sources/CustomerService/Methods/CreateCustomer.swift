internal import CustomerStore
internal import Environment
internal import JSON
internal import Stripe

/// Makes a customer: for a user when one is named, else on its own, with a say on what to do when the address is taken.
enum CreateCustomer: ServiceMethod {
    static let name = "createCustomer"

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
        if let key = context.hostKey { return try await once(key, params, service) }
        if let userId = params.userId { return try await forUser(userId, params, isRetry: false, service) }
        return try await onItsOwn(params, key: service.freshKey(), isRetry: false, service)
    }

    // MARK: Under the host's key

    /// The same call gives the same customer, also after a crash and after the day for which Stripe keeps the key.
    private static func once(
        _ key: HostKey, _ params: Params, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        let named = params.fields["metadata"]?[ProfileFields.userIdName]?.string
        let known = try await stored { () async throws(StoreError) in
            try await service.store.beginIdempotentCall(
                key, about: params.userId ?? named, at: service.clock.now())
        }
        do throws(ServiceError) {
            let customer: JSONObject
            switch (known, params.userId) {
            case (.done(let customerId), let userId):
                return try await repeated(customerId, for: userId, service)
            case (.erased, _):
                throw ServiceError(.customerDeleted, "The customer of the first call under this key was erased since")
            case (.new, let userId?): customer = try await forUser(userId, params, isRetry: false, service)
            case (.pending, let userId?): customer = try await forUser(userId, params, isRetry: true, service)
            case (.new, nil): customer = try await onItsOwn(params, key: key.text, isRetry: false, service)
            case (.pending(let since), nil):
                // The first attempt may have made it: its key replays, and the duplicate it would find is its own.
                let isKept = service.sync.isKeyKept(since: since)
                customer = try await onItsOwn(params, key: key.text, isRetry: isKept, service)
            }
            if let id = customer["id"]?.string {
                try await stored { () async throws(StoreError) in
                    try await service.store.finishIdempotentCall(key, customerId: id)
                }
            }
            return customer
        } catch {
            if !error.retryable, error.kind != .idempotencyConflict {
                try await stored { () async throws(StoreError) in try await service.store.forgetIdempotentCall(key) }
            }
            throw error
        }
    }

    private static func unchanged(
        _ customerId: String, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        AuditScope.current?.isUnchanged = true
        return try await service.livingCustomer(customerId).object
    }

    /// The customer that the first call made, if the user for whom it was still has it, or nobody has.
    private static func repeated(
        _ customerId: String, for userId: String?, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        AuditScope.current?.isUnchanged = true
        let customer = try await service.livingCustomer(customerId)
        guard let userId else { return customer.object }
        let holder = try await stored { () async throws(StoreError) in
            try await service.store.user(customerId: customerId)?.id
        }
        if let other = holder ?? customer.owner, !sameCodePoints(other, userId) {
            throw ServiceError(
                .idempotencyConflict, "What was created under this key is another user's by now",
                details: ["userId": .string(userId)])
        }
        return customer.object
    }

    // MARK: For a user

    /// The same path as every user's customer takes, so that there is never a second one. Name, phone and metadata are
    /// the user's before they are the customer's: they are written there first, else the next sync would undo them.
    /// - Parameter isRetry: The customer that is there may come from the first attempt.
    private static func forUser(
        _ userId: String, _ params: Params, isRetry: Bool, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        let found = try await stored { () async throws(StoreError) in try await service.store.user(userId) }
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
        for name in ["email", "name", "phone", "metadata"] { fields[name] = nil }
        let request = SyncRequest(extraFields: fields)
        let draft = service.sync.draft(request)
        let updated = try await stored { () async throws(StoreError) in
            try await service.store.updateUser(userId, change, at: service.clock.now(), draft: draft)
        }
        let result = try await service.sync.bringInLine(userId, request, claimed: updated?.claim)
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
        _ params: Params, key: String, isRetry: Bool, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        if params.onDuplicateEmail == .allow { return try await create(params, key, service) }
        // Look and create as one step, across all processes.
        let lease = service.store.lease(ofAddress: params.email)
        return try await service.sync.withLease(lease, "the address") { () async throws(ServiceError) in
            if !isRetry {
                let existing = try await service.sync.lookup.customers(email: params.email, patience: .normal)
                if !existing.isEmpty {
                    guard params.onDuplicateEmail == .return else { throw alreadyExists(existing.map(\.id)) }
                    if let customer = try await service.theOne(of: existing) {
                        AuditScope.current?.isUnchanged = true
                        return customer.object
                    }
                }
            }
            return try await create(params, key, service)
        }
    }

    private static func create(
        _ params: Params, _ key: String, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        try await atStripe { () async throws(StripeError) in
            try await service.stripe.createCustomer(params.fields, idempotencyKey: key).value.object
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
