import Cryptography
import CustomerStore
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
    /// The host's own idempotency key for this call.
    package var idempotencyKey: String?
    /// Whose key it is, where an actor's are its own: a policy is in force.
    var keyOwner: String?
    /// The key with what it stands for, of a method that changes something.
    var hostKey: HostKey?
    /// The call under the key, where its effect is at Stripe.
    var noted: NotedCall?
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
    /// Of a method that changes something: what it answers to the same call under the same key. `nil`: a key says nothing.
    static var repetition: Repetition? { get }
    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer
}

extension ServiceMethod {
    static var ordering: Ordering { .byKey }
    static var repetition: Repetition? { nil }

    static func method(of service: CustomerService) -> Method {
        Method(name: name, ordering: ordering) { params, context throws(ServiceError) in
            let decoded: Params
            do throws(DecodingError) { decoded = try params.decoded() } catch { throw ServiceError(error) }
            guard let repetition, let text = context.idempotencyKey else {
                return try encoded(try await call(decoded, context, service))
            }
            let key = HostKey(text, of: context.keyOwner, method: name, params)
            return try await service.once(key, repetition, params, context) { context throws(ServiceError) in
                try encoded(try await call(decoded, context, service))
            }
        }
    }
}

func encoded(_ answer: some Encodable) throws(ServiceError) -> JSONValue {
    do { return try JSONValue(encoding: answer) } catch {
        throw ServiceError(.internalError, "The result could not be encoded")
    }
}

extension HostKey {
    /// Neither the order of the params' members counts, nor how a number is spelled.
    fileprivate init(_ text: String, of owner: String?, method: String, _ params: JSONValue) {
        let request: JSONValue = [.string(method), params.plainlySpelled]
        let hash = Hexadecimal.text(SHA256.hash(request.serialized(sortedKeys: true)))
        self.init(text, of: owner, method: method, requestHash: hash)
    }
}

extension JSONValue {
    /// With each whole number in its plainest spelling: `1` for `1.0` and `1e0`.
    fileprivate var plainlySpelled: JSONValue {
        switch self {
        case .number(let number): .number(number.int64.map { JSONNumber($0) } ?? number)
        case .array(let items): .array(items.map(\.plainlySpelled))
        case .object(let object):
            .object(JSONObject(object.members.map { .init($0.name, $0.value.plainlySpelled) }))
        case .null, .bool, .string: self
        }
    }
}

extension ServiceError {
    /// The schema let through what the type does not take: a fault of ours, answered like one of the host's.
    init(_ error: DecodingError) {
        self.init(.invalidParams, "The params could not be read")
    }
}
