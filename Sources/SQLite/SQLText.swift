#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A cache key by bytes: Swift's `String ==` would hand out one statement for two texts whose literals are only
/// canonically equal.
struct SQLText: Hashable {
    let text: String

    static func == (a: SQLText, b: SQLText) -> Bool {
        var (a, b) = (a.text, b.text)
        return a.withUTF8 { a in
            b.withUTF8 { b in
                guard a.count == b.count, let first = a.baseAddress, let second = b.baseAddress else { return false }
                return memcmp(first, second, a.count) == 0
            }
        }
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
