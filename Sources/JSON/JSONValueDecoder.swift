extension JSONValue {
    /// The `Decodable` value of this tree. A `JSONValue`, `JSONObject` or `JSONNumber` inside it comes through as it is.
    ///
    /// An optional member is `nil` when it is missing or null. A `JSONValue?` member is `nil` only when it is missing, so
    /// that an update can tell "leave it" from "unset it". Integers must be whole and in range: `1.0` is 1, `1.5` is an
    /// error.
    ///
    /// - Throws: `DecodingError`; its text never quotes the value.
    package func decoded<T: Decodable>(as type: T.Type = T.self) throws(DecodingError) -> T {
        do {
            return try JSONValueDecoder(value: self, codingPath: []).decode(type)
        } catch let error as DecodingError {
            throw error
        } catch {
            throw .dataCorrupted(
                .init(codingPath: [], debugDescription: "refused by \(type)", underlyingError: error))
        }
    }
}

// MARK: - Containers

// The protocols ask for one method per primitive type; the generic `decode` for `JSONPrimitive` answers them all.

private struct JSONValueDecoder: Decoder, SingleValueDecodingContainer {
    let value: JSONValue
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let object) = value else {
            throw value.mismatch("an object", JSONObject.self, at: codingPath)
        }
        return KeyedDecodingContainer(KeyedDecoding(object: object, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = value else {
            throw value.mismatch("an array", [JSONValue].self, at: codingPath)
        }
        return UnkeyedDecoding(elements: elements, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { value.isNull }
    func decode<T: JSONPrimitive>(_ type: T.Type) throws -> T { try T(value, at: codingPath) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try T(from: self) }
}

private struct KeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let object: JSONObject
    let codingPath: [any CodingKey]

    var allKeys: [Key] { object.members.compactMap { Key(stringValue: $0.name) } }

    func contains(_ key: Key) -> Bool { object[key.stringValue] != nil }

    func decodeNil(forKey key: Key) throws -> Bool { try value(for: key).isNull }

    func decode<T: JSONPrimitive>(_ type: T.Type, forKey key: Key) throws -> T {
        try T(value(for: key), at: codingPath + [key])
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try decoder(for: key).decode(type) }

    /// Only for what is not a primitive: for those the standard library's own asks the three methods above.
    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        guard let value = object[key.stringValue], !value.isNull || type == JSONValue.self else { return nil }
        return try JSONValueDecoder(value: value, codingPath: codingPath + [key]).decode(type)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try decoder(for: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(for: key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try decoder(for: SuperKey()) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(for: key) }

    private func decoder(for key: some CodingKey) throws(DecodingError) -> JSONValueDecoder {
        JSONValueDecoder(value: try value(for: key), codingPath: codingPath + [key])
    }

    private func value(for key: some CodingKey) throws(DecodingError) -> JSONValue {
        guard let value = object[key.stringValue] else {
            throw .keyNotFound(key, .init(codingPath: codingPath, debugDescription: "missing"))
        }
        return value
    }
}

private struct UnkeyedDecoding: UnkeyedDecodingContainer {
    let elements: [JSONValue]
    let codingPath: [any CodingKey]
    private(set) var currentIndex = 0

    init(elements: [JSONValue], codingPath: [any CodingKey]) {
        self.elements = elements
        self.codingPath = codingPath
    }

    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    /// As the protocol has it: a null is passed over, anything else stays to be decoded.
    mutating func decodeNil() throws -> Bool {
        guard try peek(Never?.self).decodeNil() else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<T: JSONPrimitive>(_ type: T.Type) throws -> T {
        try advance(type) { decoder throws in try decoder.decode(type) }
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        try advance(type) { decoder throws in try decoder.decode(type) }
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try advance(JSONObject.self) { try $0.container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try advance([JSONValue].self) { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try advance(JSONValue.self) { $0 } }

    private func peek(_ type: Any.Type) throws(DecodingError) -> JSONValueDecoder {
        let path = codingPath + [IndexKey(currentIndex)]
        guard !isAtEnd else {
            throw .valueNotFound(type, .init(codingPath: path, debugDescription: "the array has no more elements"))
        }
        return JSONValueDecoder(value: elements[currentIndex], codingPath: path)
    }

    /// Moves on only past what could be decoded, as the protocol's documentation has it.
    private mutating func advance<T>(_ type: Any.Type, _ decode: (JSONValueDecoder) throws -> T) throws -> T {
        let result = try decode(peek(type))
        currentIndex += 1
        return result
    }
}

// MARK: - The tree itself

extension JSONValue: Decodable {
    /// - Throws: `DecodingError` with any other decoder than the one behind `decoded(as:)`, which alone has the tree.
    package init(from decoder: any Decoder) throws {
        guard let decoder = decoder as? JSONValueDecoder else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a JSON tree needs JSONValue.decoded(as:)"))
        }
        self = decoder.value
    }
}

extension JSONObject: Decodable {
    /// - Throws: as `JSONValue.init(from:)`, and `DecodingError` when it isn't an object.
    package init(from decoder: any Decoder) throws {
        let value = try JSONValue(from: decoder)
        guard let object = value.object else { throw value.mismatch("an object", Self.self, at: decoder.codingPath) }
        self = object
    }
}

extension JSONNumber: Decodable {
    /// - Throws: as `JSONValue.init(from:)`, and `DecodingError` when it isn't a number.
    package init(from decoder: any Decoder) throws {
        let value = try JSONValue(from: decoder)
        guard let number = value.number else { throw value.mismatch("a number", Self.self, at: decoder.codingPath) }
        self = number
    }
}
