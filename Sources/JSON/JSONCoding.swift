// `Codable` values to and from the tree. Foundation's coders merge member names that are canonically equal
// ("é" spelled two ways) and so can't carry a customer's metadata faithfully; these keep code points.

extension JSONValue {
    /// The tree of an `Encodable` value. A `JSONValue` inside it goes through as it is; `nil` members are left out.
    package init(encoding value: some Encodable) throws {
        throw JSONSyntaxError(offset: 0, reason: "skeleton")
    }

    /// The `Decodable` value of this tree. A `JSONValue` inside it comes through as it is.
    package func decoded<T: Decodable>(as type: T.Type = T.self) throws(DecodingError) -> T {
        throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "skeleton"))
    }
}
