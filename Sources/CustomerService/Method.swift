package import JSON

/// Who is calling and under which terms: `params._meta`, taken out before the params are read.
package struct CallContext: Sendable {
    package struct Actor: Sendable {
        package var id: String
        package var role: String
        package init(id: String, role: String) {
            self.id = id
            self.role = role
        }
    }

    package var actor: Actor?
    /// The host's own idempotency key for this call, passed on to Stripe.
    package var idempotencyKey: String?
    /// The W3C trace context that goes into the log.
    package var traceparent: String?
    /// Sends one `$/progress` value; does nothing when the host gave no token.
    package var progress: @Sendable (JSONValue) -> Void

    package init(
        actor: Actor? = nil, idempotencyKey: String? = nil, traceparent: String? = nil,
        progress: @escaping @Sendable (JSONValue) -> Void = { _ in }
    ) {
        self.actor = actor
        self.idempotencyKey = idempotencyKey
        self.traceparent = traceparent
        self.progress = progress
    }
}

/// Which earlier calls a call has to see the effect of.
package enum Ordering: Sendable {
    /// Those that name the same `userId`, `customerId` or `email`; all earlier ones when it names none of them.
    case byKey
    /// None: it has no effect and answers at once (`ping`, `health`, `rpc.discover`).
    case free
}

/// One method of the service, its types erased: what the dispatcher calls.
package struct Method: Sendable {
    package let name: String
    package let ordering: Ordering
    package let call: @Sendable (JSONValue, CallContext) async throws(ServiceError) -> JSONValue

    package init(
        name: String, ordering: Ordering = .byKey,
        call: @escaping @Sendable (JSONValue, CallContext) async throws(ServiceError) -> JSONValue
    ) {
        self.name = name
        self.ordering = ordering
        self.call = call
    }
}
