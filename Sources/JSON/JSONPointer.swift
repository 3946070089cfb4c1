/// The way to one value inside a JSON text (RFC 6901): `/metadata/plan`, `/data/0`, and the empty text for the whole.
package struct JSONPointer: Sendable, CustomStringConvertible {
    package let description: String

    /// The pointer to the whole text.
    package static let root = JSONPointer(description: "")

    private init(description: String) { self.description = description }

    /// The pointer to the member of this name. RFC 6901, section 3: `~` is written `~0` and `/` is written `~1`.
    package func appending(_ name: String) -> JSONPointer {
        var token = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": token.append(contentsOf: "~0".unicodeScalars)
            case "/": token.append(contentsOf: "~1".unicodeScalars)
            default: token.append(scalar)
            }
        }
        return JSONPointer(description: description + "/" + String(token))
    }

    /// The pointer to the element of this index, counted from 0.
    package func appending(_ index: Int) -> JSONPointer {
        JSONPointer(description: description + "/" + String(index))
    }
}
