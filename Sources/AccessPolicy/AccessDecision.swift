package import JSON

/// A call as far as it matters to whether it is allowed.
package struct AccessRequest: Sendable {
    package struct Actor: Sendable {
        package var id: String
        package var role: String

        package init(id: String, role: String) {
            self.id = id
            self.role = role
        }
    }

    package var actor: Actor?
    package var method: String
    /// Valid by the method's schema, without `_meta`.
    package var params: JSONObject

    package init(actor: Actor?, method: String, params: JSONObject) {
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
    }
}

extension AccessPolicy {
    /// What the actor owns matters only under the scope `self`.
    package func needsOwnership(_ request: AccessRequest) -> Bool {
        request.actor.flatMap { role($0.role) }?.scope == .self
    }

    package func decide(_ request: AccessRequest, owning own: Ownership) -> AccessDecision {
        if Self.open.contains(request.method) { return .allow }
        guard let actor = request.actor else { return .deny(.actor) }
        guard let role = role(actor.role) else { return .deny(.role) }
        guard role.allows(request.method) else { return .deny(.method) }
        switch role.scope {
        case .all: return .allow
        case .self:
            return SelfScope(userId: actor.id, own: own).covers(request.method, request.params)
                ? .allowOnSelf : .deny(.scopeAll)
        }
    }
}
