import HTTP
import JSON

/// One endpoint with its parameters: everything about a request that all its attempts share.
struct StripeCall {
    let method: HTTPMethod
    /// The path as the log may show it: `/v1/customers/{id}`.
    let template: String
    /// The path as it goes on the wire, with its query.
    let target: String
    let idempotencyKey: String?
    let body: [UInt8]
    /// Search has a limit of its own. https://docs.stripe.com/rate-limits
    var isSearch: Bool { template.hasSuffix("/search") }
    /// Whether Stripe may have changed something when the answer is lost.
    var isMutation: Bool { method != .get }

    static func get(_ template: String, id: ObjectID? = nil, query: JSONObject = [:]) -> StripeCall {
        let path = path(template, id)
        return StripeCall(
            method: .get, template: template, target: query.isEmpty ? path : path + "?" + formEncoded(query),
            idempotencyKey: nil, body: [])
    }

    static func post(_ template: String, id: ObjectID? = nil, _ fields: JSONObject, key: String) -> StripeCall {
        StripeCall(
            method: .post, template: template, target: path(template, id), idempotencyKey: key,
            body: Array(formEncoded(fields).utf8))
    }

    /// Without a key: "sending idempotency keys in GET and DELETE requests has no effect".
    /// https://docs.stripe.com/api/idempotent_requests
    static func delete(_ template: String, id: ObjectID) -> StripeCall {
        StripeCall(method: .delete, template: template, target: path(template, id), idempotencyKey: nil, body: [])
    }

    /// The templates end in the id if they have one.
    private static func path(_ template: String, _ id: ObjectID?) -> String {
        guard let id, template.hasSuffix("{id}") else { return template }
        return template.dropLast(4) + id.escaped
    }
}

/// An id that can stand in a path. An empty one would turn "update this customer" into "create a customer", and a dot
/// segment is removed by URL parsers, percent-encoded or not (https://url.spec.whatwg.org/#double-dot-path-segment).
struct ObjectID {
    let escaped: String

    /// - Throws: `.notFound` without asking Stripe, since no object can have such an id.
    init(_ id: String) throws(StripeError) {
        // `/v1/customers/search` is another endpoint.
        guard !id.utf8.allSatisfy({ $0 == UInt8(ascii: ".") }), !sameCodePoints(id, "search") else {
            throw StripeError(.notFound)
        }
        escaped = percentEncoded(id)
    }
}
