/// The formats that are known, each of which asserts (validation, section 7.3).
enum Format: String, CaseIterable, Sendable {
    case email
    case uri
    case dateTime = "date-time"
    case uuid
    /// The project's own: what a database and Stripe take as text.
    case text

    /// For "is not …".
    var noun: String {
        switch self {
        case .email: "an email address"
        case .uri: "an absolute URI"
        case .dateTime: "a date and time such as 2026-01-31T12:00:00Z"
        case .uuid: "a UUID"
        case .text: "text without the character U+0000"
        }
    }

    func accepts(_ text: String) -> Bool {
        if self == .text { return !text.utf8.contains(0) }
        var scanner = ByteScanner(text)
        let isRead =
            switch self {
            case .email: scanner.readMailbox()
            case .uri: scanner.readURI()
            case .dateTime: scanner.readDateTime()
            case .uuid: scanner.readUUID()
            case .text: true
            }
        return isRead && scanner.isAtEnd
    }
}

extension ByteScanner {
    /// RFC 9562, section 4, of any version and variant.
    fileprivate mutating func readUUID() -> Bool {
        for (index, length) in [8, 4, 4, 4, 12].enumerated() {
            guard index == 0 || skip("-"), readMany(isHexDigit, upTo: length) == length else { return false }
        }
        return true
    }
}
