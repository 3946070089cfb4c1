package import Environment
package import JSON

/// An idempotency key of the host's own, with what it stands for.
///
/// Which texts are keys is said in `schemas/meta.json`.
package struct HostKey: Sendable {
    let text: String
    /// The id of the actor whose key it is; `nil` where no policy is in force, and all keys are the host's.
    let owner: String?
    let method: String
    /// Of the method and its params: the same key with others is a mistake.
    let requestHash: String

    package init(_ text: String, of owner: String?, method: String, requestHash: String) {
        self.text = text
        self.owner = owner
        self.method = method
        self.requestHash = requestHash
    }

    /// What is kept of it: a key may be made of an address, and who knows the method can try guesses of the params. An
    /// actor's own key is another one than the same text of anybody else's.
    func sealed(_ key: AuditKey) -> SealedKey {
        let bound = owner.map { JSONValue.array([.string($0), .string(text)]).description }
        return SealedKey(
            text: key.hash(bound.map { "key of " + $0 } ?? "key " + text),
            requestHash: Self.sealed(requestHash: requestHash, key))
    }

    static func sealed(requestHash: String, _ key: AuditKey) -> String { key.hash("request " + requestHash) }
}

/// The same as the database has it.
struct SealedKey: Sendable {
    let text: String
    let requestHash: String
}

/// What is known of a call under a host's key.
package struct NotedCall: Sendable {
    package let key: HostKey
    /// How the database has the key.
    let sealed: String
    package let since: Milliseconds
    /// What the call does has been done; else it is unknown, unless the call is new.
    package let isDone: Bool
    /// Nobody has called under this key before.
    package let isNew: Bool
    /// Whom it was about, or who came of it.
    package let userId: String?
    package let customerId: String?
    /// The first answer, where that is kept.
    package let answer: JSONValue?
    /// The user was deleted since, or the id is another user's.
    package let isOfEarlierLife: Bool
    /// The user or the customer was erased since.
    package let isErased: Bool
    /// Under which key the change goes to Stripe. What a host makes its keys of is no business of Stripe's, and two actors'
    /// keys may be the same text.
    package let stripeKey: String
    /// That key is not the first one: Stripe had saved a failure under another.
    package let hasRenewedKey: Bool

    /// A repetition has nothing to do.
    package var isOver: Bool { isDone || isErased || isOfEarlierLife }
}
