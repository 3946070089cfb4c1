internal import Cryptography
internal import CustomerStore
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
    /// The same with what it stands for.
    var hostKey: HostKey?
    /// Under the scope `self`: others must not be named in the answer.
    var isConfined = false
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
    /// For a method that only carries a call of another one (an agent's `tools/call`): which one, and its params. That
    /// other call is what the order of calls and the log are about.
    package let carried: (@Sendable (JSONObject) -> (method: Method, params: JSONObject)?)?
    package let call: @Sendable (JSONValue, CallContext) async throws(ServiceError) -> JSONValue

    package init(
        name: String, ordering: Ordering = .byKey,
        carried: (@Sendable (JSONObject) -> (method: Method, params: JSONObject)?)? = nil,
        call: @escaping @Sendable (JSONValue, CallContext) async throws(ServiceError) -> JSONValue
    ) {
        self.name = name
        self.ordering = ordering
        self.carried = carried
        self.call = call
    }
}

/// One method, one file: its name, what it takes and gives, and how it is carried out.
///
/// The params have been validated against `schemas/<name>.params.json` before they are decoded.
protocol ServiceMethod: SendableMetatype {
    associatedtype Params: Decodable & Sendable
    associatedtype Answer: Encodable & Sendable

    static var name: String { get }
    static var ordering: Ordering { get }
    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer
}

extension ServiceMethod {
    static var ordering: Ordering { .byKey }

    static func method(of service: CustomerService) -> Method {
        Method(name: name, ordering: ordering) { params, context throws(ServiceError) in
            var context = context
            context.hostKey = context.idempotencyKey.map { HostKey($0, of: name, params) }
            let decoded: Params
            do throws(DecodingError) { decoded = try params.decoded() } catch { throw ServiceError(error) }
            let answer = try await call(decoded, context, service)
            do { return try JSONValue(encoding: answer) } catch {
                throw ServiceError(.internalError, "The result could not be encoded")
            }
        }
    }
}

extension HostKey {
    /// The order of the params' members counts for nothing.
    fileprivate init(_ text: String, of method: String, _ params: JSONValue) {
        let request: JSONValue = [.string(method), params]
        self.init(text: text, requestHash: Hexadecimal.text(SHA256.hash(request.serialized(sortedKeys: true))))
    }
}

extension ServiceError {
    /// The schema let through what the type does not take: a fault of ours, answered like one of the host's.
    fileprivate init(_ error: DecodingError) {
        self.init(.invalidParams, "The params could not be read")
    }
}
