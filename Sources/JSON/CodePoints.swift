/// Whether two strings are the same sequence of code points, which is what JSON means by equal.
package func sameCodePoints(_ a: String, _ b: String) -> Bool {
    // UTF-8 is one-to-one with code points, and its length is known without counting: most unequal names differ in it.
    guard a.utf8.count == b.utf8.count else { return false }
    // Over the storage, because the views decode an index at every step.
    let same = a.utf8.withContiguousStorageIfAvailable { a in
        b.utf8.withContiguousStorageIfAvailable { b in a.elementsEqual(b) }
    }
    return (same ?? nil) ?? a.utf8.elementsEqual(b.utf8)
}

/// A string as a dictionary key by its code points, for names that came from outside.
package struct CodePoints: Hashable, Sendable {
    package let string: String

    package init(_ string: String) { self.string = string }

    package static func == (a: CodePoints, b: CodePoints) -> Bool { sameCodePoints(a.string, b.string) }

    package func hash(into hasher: inout Hasher) {
        var string = string
        string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        // Ends the string, so that ("ab", "c") and ("a", "bc") in a row differ.
        hasher.combine(UInt8(0xFF))
    }
}

/// Whether two email addresses are the same: they differ in the case of ASCII letters at most. This is the one rule; it
/// decides whose a customer is. `lowercased()` would go further: it makes the Kelvin sign a "k", and with it another's
/// address.
package func sameAddress(_ a: String, _ b: String) -> Bool {
    a.utf8.count == b.utf8.count && zip(a.utf8, b.utf8).allSatisfy { lowered($0) == lowered($1) }
}

/// The one spelling that all the same addresses share, for what must be compared by a key. What `sameAddress` tells apart
/// stays apart.
package func loweredAddress(_ address: String) -> String {
    String(decoding: address.utf8.map(lowered), as: UTF8.self)
}

private func lowered(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
