/// The type of a value as far as a client's language can tell it.
indirect enum ClientType {
    case any
    case null
    case boolean
    case integer
    case number
    case string
    /// One of these texts.
    case literals([String])
    case array(ClientType)
    /// An object of names that nobody knows beforehand.
    case map(ClientType)
    /// An object that `ClientInterface.declarations` has.
    case named(String)
    case union([ClientType])
}
