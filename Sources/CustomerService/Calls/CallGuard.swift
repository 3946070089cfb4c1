package import AccessPolicy
import CustomerStore
import JSON

/// Stands before every method: refuses what the policy doesn't allow, counts, and sees to the audit log.
///
/// What a method changes in the store is recorded by the store's own transaction. Left for the guard is what no
/// transaction knows of: a change at Stripe alone, a refusal, a failure.
package struct CallGuard: Sendable {
    let service: CustomerService
    /// `nil`: the host has every right.
    let policy: AccessPolicy?

    package init(_ service: CustomerService, policy: AccessPolicy?) {
        self.service = service
        self.policy = policy
    }

    package func guarded(_ method: Method) -> Method {
        Method(name: method.name, ordering: method.ordering) { params, context throws(ServiceError) in
            let began = service.metrics.now()
            do throws(ServiceError) {
                let answer = try await carryOut(method, params, context)
                service.metrics.count(method.name, "ok", since: began)
                return answer
            } catch {
                service.metrics.count(method.name, error.kind.rawValue, since: began)
                throw error.about(params)
            }
        }
    }

    private func carryOut(
        _ method: Method, _ params: JSONValue, _ context: CallContext
    ) async throws(ServiceError) -> JSONValue {
        let actor = context.actor.map { AuditScope.Actor(id: $0.id, role: $0.role) }
        return try await audited(method.name, as: actor, traceparent: context.traceparent) {
            scope async throws(ServiceError) in
            let confinement: SelfConfinement?
            do throws(ServiceError) {
                confinement = try await admit(method.name, params, context)
            } catch {
                await service.record(params, outcome: error, as: method.name)
                throw error
            }
            do throws(ServiceError) {
                let isAtStripeAlone = AuditedMethods.changeAtStripeAlone.contains(method.name)
                let isNoted = isAtStripeAlone || method.name == DeleteCustomer.name
                if isNoted { try await service.noteChangeUnderWay(params) }
                var context = context
                context.isConfined = confinement != nil
                // Where actors share a host, none takes another's key away, or learns what was done under it.
                context.keyOwner = policy == nil ? nil : context.actor?.id
                let answer = try await method.call(params, context)
                if scope.isUnchanged ? isNoted : isAtStripeAlone && scope.outcomes.isEmpty {
                    await service.record(params, answer: answer)
                }
                return confinement?.confined(answer) ?? answer
            } catch {
                if AuditedMethods.all.contains(method.name), !scope.outcomes.contains(error.kind.rawValue) {
                    await service.record(params, outcome: error, as: method.name)
                }
                throw confinement?.confined(error) ?? error
            }
        }
    }

    // MARK: Admission

    /// - Returns: What the answer has to be confined to.
    /// - Throws: `access_denied`.
    private func admit(
        _ method: String, _ params: JSONValue, _ context: CallContext
    ) async throws(ServiceError) -> SelfConfinement? {
        guard let policy else { return nil }
        let request = AccessRequest(
            actor: context.actor.map { AccessRequest.Actor(id: $0.id, role: $0.role) }, method: method,
            params: params.object ?? [:])
        var customerId: String?
        let decision = try await policy.decide(request) { () async throws(ServiceError) in
            let id = context.actor?.id ?? ""
            let user = try await stored(await service.store.user(id))
            customerId = user?.customerId
            return Ownership(customerId: user?.customerId, email: user?.email)
        }
        switch decision {
        case .allow: return nil
        case .allowOnSelf:
            return SelfConfinement(method: method, userId: context.actor?.id ?? "", customerId: customerId)
        case .deny(let missing): throw ServiceError(missing, method: method, actor: request.actor)
        }
    }
}

/// Which methods belong in the audit log beyond what the store records.
package enum AuditedMethods {
    /// What they change is at Stripe alone, at least at times. (What `deleteCustomer` has begun is completed after a kill,
    /// and recorded as the process's doing; that it was begun and by whom is noted like these.)
    static let changeAtStripeAlone: Set<String> = [
        "createCustomer", "updateCustomer", "archiveCustomer", "restoreCustomer",
    ]

    /// Those whose failures are recorded: every one that changes something or gives everything away.
    package static let all: Set<String> = [
        "createCustomer", "updateCustomer", "deleteCustomer", "archiveCustomer", "restoreCustomer",
        "syncCustomerWithUser", "ensureCustomerExists", "registerUser", "updateUser", "deleteUser", "linkCustomer",
        "unlinkCustomer", "syncAllUsers", "exportUserData", "eraseUser", "handleWebhook", "reconcile",
    ]
}

extension ServiceError {
    /// The error with the ids that the call named, unless it says by itself whom it is about.
    fileprivate func about(_ params: JSONValue) -> ServiceError {
        switch kind {
        // These are about no object, or about another one than the call named: who has the address already.
        case .invalidParams, .accessDenied, .internalError, .shuttingDown, .invalidSignature, .userAlreadyExists,
            .customerAlreadyExists, .ambiguousCustomer:
            return self
        case .customerNotFound, .customerDeleted, .userNotFound, .deletionBlocked, .stripeAuthenticationFailed,
            .stripePermissionDenied, .stripeRateLimited, .stripeUnavailable, .stripeRequestRejected,
            .idempotencyConflict, .deadlineExceeded, .storageUnavailable, .usersTableRefused:
            var error = self
            for name in ["userId", "customerId"] { error.details[name] = details[name] ?? params[name] }
            return error
        }
    }

    /// Says which right is missing and nothing about what the call was about.
    init(_ missing: AccessDecision.Missing, method: String, actor: AccessRequest.Actor?) {
        let (right, message) =
            switch missing {
            case .actor: ("actor", "The policy asks for an actor: params._meta.actor is missing")
            case .role: ("role", "The policy has no such role")
            case .method: ("method \(method)", "The role may not call \(method)")
            case .scopeAll: ("scope all", "The role may call \(method) on the actor itself only")
            case .field(let name):
                ("field", "Under the scope self \(method) may not be given \(quotable(name)), or not this value of it")
            }
        var details: JSONObject = [:]
        // A role that is not in the policy is whatever the host sent; it is not repeated.
        if missing != .role { details["role"] = actor.map { .string($0.role) } }
        details["method"] = .string(method)
        details["missing"] = .string(right)
        // Its name is the schema's own.
        if case .field(let name) = missing { details["field"] = .string(name) }
        self.init(.accessDenied, message, details: details)
    }
}
