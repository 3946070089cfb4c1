package import CustomerService
package import JSON

/// A request that may be carried out: the method exists, and its params fit their schema.
package struct ValidatedCall: Sendable {
    package let method: Method
    /// Without `_meta`.
    package let params: JSONObject
    package let meta: CallMeta
    /// What is called in the end: this, or the call that it carries.
    package let content: (method: Method, params: JSONObject)

    init(method: Method, params: JSONObject, meta: CallMeta) {
        self.method = method
        self.params = params
        self.meta = meta
        content = method.carried?(params) ?? (method, params)
    }
}

/// `params._meta`: what a request says about itself, apart from its params.
package struct CallMeta: Sendable {
    package var actor: CallContext.Actor?
    package var idempotencyKey: String?
    package var timeoutMilliseconds: Int64?
    package var progressToken: JSONValue?
    package var traceparent: String?

    static let members: Set<String> = ["actor", "idempotencyKey", "timeoutMs", "progressToken", "traceparent"]

    /// - Precondition: the object fits `meta.json`.
    package init(_ meta: JSONObject) {
        if let id = meta["actor"]?["id"]?.string, let role = meta["actor"]?["role"]?.string {
            actor = CallContext.Actor(id: id, role: role)
        }
        idempotencyKey = meta["idempotencyKey"]?.string
        timeoutMilliseconds = meta["timeoutMs"]?.int64
        // A number in digits: it may be written with millions of zeros, and comes back many times.
        progressToken = meta["progressToken"].map { token in token.int64.map { .number(JSONNumber($0)) } ?? token }
        traceparent = meta["traceparent"]?.string
    }
}
