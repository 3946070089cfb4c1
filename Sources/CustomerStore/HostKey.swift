/// An idempotency key of the host's own, with what it stands for.
package struct HostKey: Sendable {
    package let text: String
    /// Of the method and its params: the same key with others is a mistake.
    package let requestHash: String

    package init(text: String, requestHash: String) {
        self.text = text
        self.requestHash = requestHash
    }
}
