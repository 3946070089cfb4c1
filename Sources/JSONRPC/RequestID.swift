package import JSON

/// What ties an answer to its request, echoed exactly as it came: `1`, `1.0` and `"1"` are three ids.
package enum RequestID: Sendable {
    case string(String)
    /// The number as it was written.
    case number(String)
    /// The id of a request that had `"id": null`, and of an answer to something whose id can't be told.
    case null

    /// The longest id that is accepted, in bytes of UTF-8. It comes back in the answer, and a host that writes without
    /// reading would fill the pipe with nothing but ids.
    package static let maximumLength = 4096

    /// `nil` for what can't be an id: a boolean, an array or an object.
    package init?(_ value: JSONValue) {
        switch value {
        case .string(let string): self = .string(string)
        case .number(let number): self = .number(number.text)
        case .null: self = .null
        case .bool, .array, .object: return nil
        }
    }

    package var json: JSONValue {
        switch self {
        case .string(let string): .string(string)
        case .number(let text): .number(JSONNumber(text: text))
        case .null: .null
        }
    }

    /// Bytes of UTF-8.
    var length: Int {
        switch self {
        case .string(let text), .number(let text): text.utf8.count
        case .null: 0
        }
    }
}

extension RequestID: Hashable {
    package static func == (a: RequestID, b: RequestID) -> Bool {
        switch (a, b) {
        case (.string(let a), .string(let b)), (.number(let a), .number(let b)): sameCodePoints(a, b)
        case (.null, .null): true
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .string(let text):
            hasher.combine(0)
            hasher.combine(CodePoints(text))
        case .number(let text):
            hasher.combine(1)
            hasher.combine(CodePoints(text))
        case .null: hasher.combine(2)
        }
    }
}
