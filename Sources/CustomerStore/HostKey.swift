/// An idempotency key of the host's own, with what it stands for.
package struct HostKey: Sendable {
    package let text: String
    /// Of the method and its params: the same key with others is a mistake.
    package let requestHash: String

    package init(text: String, requestHash: String) {
        self.text = text
        self.requestHash = requestHash
    }

    /// What is kept of it when the user is erased: a key may be made of an address, and who knows the method can try
    /// guesses of the params.
    func sealed(_ key: AuditKey) -> HostKey {
        HostKey(text: key.hash("key " + text), requestHash: key.hash("request " + requestHash))
    }
}
