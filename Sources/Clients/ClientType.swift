/// The type of a value as far as a client's language can tell it.
indirect enum ClientType {
    case any
    case null
    case boolean
    case integer
    case number
    case string
    /// A text that the host may have as bytes.
    case bytes
    /// One of these texts.
    case literals([String])
    case array(ClientType)
    /// An object of names that nobody knows beforehand.
    case map(ClientType)
    /// An object that `ClientInterface.declarations` has.
    case named(String)
    case union([ClientType])

    /// Whether `null` is a value of its own, which unsets something.
    var isNullable: Bool {
        switch self {
        case .any, .null: true
        case .union(let forms): forms.contains(where: \.isNullable)
        default: false
        }
    }
}
