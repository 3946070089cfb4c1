package import JSON

/// `params._meta`: what a request says about itself, apart from its params.
package struct CallMeta: Sendable {
    package var actor: CallActor?
    /// The host's own idempotency key for this call.
    package var idempotencyKey: String?
    package var timeoutMilliseconds: Int64?
    package var progressToken: JSONValue?
    /// The W3C trace context that goes into the log.
    package var traceparent: String?

    package static let members: Set<String> = ["actor", "idempotencyKey", "timeoutMs", "progressToken", "traceparent"]

    /// Its schema, of which each params schema holds a copy.
    package static var schema: JSONValue { Shape.meta.definitionDocument ?? true }

    package init(actor: CallActor? = nil, idempotencyKey: String? = nil, traceparent: String? = nil) {
        self.actor = actor
        self.idempotencyKey = idempotencyKey
        self.traceparent = traceparent
    }

    /// - Precondition: the object fits the schema.
    package init(_ meta: JSONObject) {
        if let id = meta["actor"]?["id"]?.string, let role = meta["actor"]?["role"]?.string {
            actor = CallActor(id: id, role: role)
        }
        idempotencyKey = meta["idempotencyKey"]?.string
        timeoutMilliseconds = meta["timeoutMs"]?.int64
        // A number in digits: it may be written with millions of zeros, and comes back many times.
        progressToken = meta["progressToken"].map { token in token.int64.map { .number(JSONNumber($0)) } ?? token }
        traceparent = meta["traceparent"]?.string
    }
}
