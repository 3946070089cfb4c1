import AccessPolicy
import CustomerStore
import Interface
import JSON

extension CustomerService {
    /// Whether the policy allows a call. Asked when the call's turn has come: whose customer it is about, an earlier call may
    /// have decided.
    /// - Returns: What the answer has to be confined to.
    /// - Throws: `access_denied`.
    func allow(_ call: Call, of method: MethodDeclaration) async throws(ServiceError) -> OwnSubject? {
        guard let policy else { return nil }
        let request = AccessRequest(actor: call.meta.actor, method: method.name, params: call.params)
        let actorId = call.meta.actor?.id ?? ""
        var customerId: String?
        let decision = try await policy.decide(request) { () async throws(ServiceError) in
            let user = try await stored(await store.user(actorId))
            customerId = user?.customerId
            return Ownership(customerId: user?.customerId, email: user?.email)
        }
        switch decision {
        case .allow: return nil
        case .allowOnSelf: return OwnSubject(userId: actorId, customerId: customerId)
        case .deny(let missing): throw ServiceError(missing, method: method.name, actor: request.actor)
        }
    }
}

extension ServiceError {
    /// Says which right is missing and nothing about what the call was about.
    fileprivate init(_ missing: AccessDecision.Missing, method: String, actor: CallActor?) {
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
