/// A keyed hash over SHA-256 (RFC 2104): who doesn't have the key can neither make one nor guess what was hashed.
package struct HMAC: Sendable {
    private var inner = SHA256()
    private var outer = SHA256()

    package init(key: some Collection<UInt8>) {
        // "Applications that use keys longer than B bytes will first hash the key using H" (RFC 2104, section 2).
        var block = key.count > SHA256.blockLength ? SHA256.hash(key) : Array(key)
        block.append(contentsOf: repeatElement(0, count: SHA256.blockLength - block.count))
        inner.update(block.lazy.map { $0 ^ 0x36 })
        outer.update(block.lazy.map { $0 ^ 0x5c })
    }

    package static func authenticate(_ message: some Sequence<UInt8>, key: some Collection<UInt8>) -> [UInt8] {
        HMAC(key: key).authenticate(message)
    }

    /// The 32 bytes that vouch for `message`. The key's own two blocks are hashed once per key, not once per message.
    package func authenticate(_ message: some Sequence<UInt8>) -> [UInt8] {
        var (inner, outer) = (inner, outer)
        inner.update(message)
        outer.update(inner.finish())
        return outer.finish()
    }
}
