import Cryptography
import CustomerStore
import Interface
import JSON

/// A call with what the service knows of it: whom it is confined to, and what was done under its key before.
struct CallContext: Sendable {
    let call: Call
    /// Under the scope `self`: others must not be named in the answer.
    let own: OwnSubject?
    /// The key with what it stands for, of a method that changes something.
    var hostKey: HostKey?
    /// The call under the key, where its effect is at Stripe.
    var noted: NotedCall?

    init(_ call: Call, own: OwnSubject?) {
        self.call = call
        self.own = own
    }

    var actor: CallActor? { call.meta.actor }
    var isConfined: Bool { own != nil }
    var progress: @Sendable (JSONValue) -> Void { call.progress }
}

extension CustomerService {
    /// - Returns: `nil` when the host gave no key.
    func hostKey(of call: Call, _ method: String) -> HostKey? {
        guard let text = call.meta.idempotencyKey else { return nil }
        // Neither the order of the params' members counts, nor how a number is spelled.
        let request: JSONValue = [.string(method), JSONValue.object(call.params).plainlySpelled]
        let hash = Hexadecimal.text(SHA256.hash(request.serialized(sortedKeys: true)))
        // Where actors share a host, none takes another's key away, or learns what was done under it.
        let owner = policy == nil ? nil : call.meta.actor?.id
        return HostKey(text, of: owner, method: method, requestHash: hash)
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
