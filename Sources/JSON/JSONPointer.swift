/// The way to one value inside a JSON text (RFC 6901): `/metadata/plan`, `/data/0`, and the empty text for the whole.
package struct JSONPointer: Sendable, CustomStringConvertible {
    package let description: String

    /// The pointer to the whole text.
    package static let root = JSONPointer(description: "")

    private init(description: String) { self.description = description }

    /// The pointer to the member of this name. RFC 6901, section 3: `~` is written `~0` and `/` is written `~1`.
    package func appending(_ name: String) -> JSONPointer {
        // As bytes: a view of scalars takes time in the square of what is appended to it piece by piece.
        var token: [UInt8] = []
        token.reserveCapacity(name.utf8.count)
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "~"): token += [byte, UInt8(ascii: "0")]
            case UInt8(ascii: "/"): token += [UInt8(ascii: "~"), UInt8(ascii: "1")]
            default: token.append(byte)
            }
        }
        return JSONPointer(description: description + "/" + String(decoding: token, as: UTF8.self))
    }

    /// The pointer to the element of this index, counted from 0.
    package func appending(_ index: Int) -> JSONPointer {
        JSONPointer(description: description + "/" + String(index))
    }
}
