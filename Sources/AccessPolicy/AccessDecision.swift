package import Interface
package import JSON

/// A call as far as it matters to whether it is allowed.
package struct AccessRequest: Sendable {
    package var actor: CallActor?
    package var method: String
    /// Valid by the method's schema, without `_meta`.
    package var params: JSONObject

    package init(actor: CallActor?, method: String, params: JSONObject) {
        self.actor = actor
        self.method = method
        self.params = params
    }
}

/// What the actor owns: the user whose id is the actor's, and that user's customer.
package struct Ownership: Sendable {
    package var customerId: String?
    package var email: String?

    package init(customerId: String? = nil, email: String? = nil) {
        self.customerId = customerId
        self.email = email
    }
}

package enum AccessDecision: Sendable, Equatable {
    case allow
    /// Allowed on the actor itself: what the method answers about others is to be left out.
    case allowOnSelf
    case deny(Missing)

    /// The right that is missing.
    package enum Missing: Sendable, Equatable {
        /// `params._meta.actor`
        case actor
        /// The policy has no such role.
        case role
        /// The role lacks the method.
        case method
        /// The role has the method on itself only, and the call is about others or about all.
        case scopeAll
        /// The call is about the actor itself, but has a member that is not the actor's to decide.
        case field(String)
    }
}

extension AccessPolicy {
    /// - Parameter own: Asked under the scope `self` only, and only when nothing else speaks against the call.
    package func decide<Failure: Error>(
        _ request: AccessRequest, owning own: () async throws(Failure) -> Ownership
    ) async throws(Failure) -> AccessDecision {
        let method = service[request.method]
        if method?.isOpen == true { return .allow }
        guard let actor = request.actor else { return .deny(.actor) }
        guard let role = role(actor.role) else { return .deny(.role) }
        guard role.allows(request.method, method) else { return .deny(.method) }
        guard role.scope == .self else { return .allow }
        guard let method, !method.about.isEmpty else { return .deny(.scopeAll) }
        if let name = role.refusedMember(of: request.params, method) { return .deny(.field(name)) }
        let scope = SelfScope(userId: actor.id, own: try await own())
        guard scope.covers(Subject(request.params), method) else { return .deny(.scopeAll) }
        if let name = role.refusedAddress(in: request.params, method, scope) { return .deny(.field(name)) }
        return .allowOnSelf
    }
}
