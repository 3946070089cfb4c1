import CustomerStore
import Interface
import JSON

/// What Stripe is known to refuse, by the limits that the schemas of `registerUser` have too. Rows that other programs write need
/// not keep them; a sync leaves the judgement to Stripe, a forecast can't.
enum ProfileLimits {
    private static let characters = ["email": 512, "name": 256, "phone": 20]
    private static let metadataName = 40
    private static let metadataValue = 500

    /// The fields of a profile that are past a limit.
    static func violations(in profile: JSONObject) -> [ProfileField] {
        var fields: [ProfileField] = []
        for field in [ProfileField.email, .name, .phone] {
            guard let text = profile[field.name]?.string, let limit = characters[field.name] else { continue }
            let isTaken = text.unicodeScalars.count <= limit && !text.utf8.contains(0)
            if !isTaken || field == .email && !isAddress(text) { fields.append(field) }
        }
        let metadata = profile["metadata"]?.object ?? [:]
        if metadata.count > CustomerMark.keysMax { fields.append(.metadata(nil)) }
        for member in metadata.members {
            let isNamed =
                member.name.unicodeScalars.count <= metadataName && !member.name.contains { "[]".contains($0) }
            let isShort = (member.value.string ?? "").unicodeScalars.count <= metadataValue
            if !isNamed || !isShort { fields.append(.metadata(member.name)) }
        }
        return fields
    }

    /// The least that every address has: something on both sides of an `@`, and no white space.
    private static func isAddress(_ text: String) -> Bool {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return false }
        return at > text.startIndex && text.utf8.index(after: at) < text.endIndex
            && !text.unicodeScalars.contains { $0.properties.isWhitespace }
    }
}
