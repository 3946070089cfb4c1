extension JSONValue {
    /// The tree of an `Encodable` value, its members in the order in which it encodes them.
    ///
    /// A `JSONValue`, `JSONObject` or `JSONNumber` inside it goes through as it is. A `nil` member is left out by
    /// `encodeIfPresent`, which is what a synthesized `encode(to:)` calls. What encodes nothing at all becomes `{}`.
    ///
    /// - Throws: `EncodingError` for infinity and NaN, and whatever the value's own `encode(to:)` throws.
    package init(encoding value: some Encodable) throws {
        let node = Node()
        try node.encode(value, at: [])
        self = node.tree
    }
}

/// One value of the tree that is being built. Containers share it, because they may be filled in turns.
private final class Node {
    enum Content {
        case none
        case value(JSONValue)
        case array([Node])
        case object([(name: String, node: Node)])
    }

    var content = Content.none

    var tree: JSONValue {
        switch content {
        case .none: return .object(JSONObject())
        case .value(let value): return value
        case .array(let nodes): return .array(nodes.map(\.tree))
        case .object(let members):
            var object = JSONObject()
            for (name, node) in members { object[name] = node.tree }
            return .object(object)
        }
    }

    var count: Int { if case .array(let nodes) = content { nodes.count } else { 0 } }

    func becomeArray() {
        if case .array = content { return }
        content = .array([])
    }

    func becomeObject() {
        if case .object = content { return }
        content = .object([])
    }

    /// A new element at the end of this array.
    func append() -> Node {
        let node = Node()
        guard case .array(var nodes) = content else { return node }
        content = .none  // Leaves `nodes` the only owner, so that appending doesn't copy.
        nodes.append(node)
        content = .array(nodes)
        return node
    }

    /// A new member of this object.
    func append(_ name: String) -> Node {
        let node = Node()
        guard case .object(var members) = content else { return node }
        content = .none
        members.append((name, node))
        content = .object(members)
        return node
    }

    func encode(_ value: some JSONPrimitive, at codingPath: [any CodingKey]) throws {
        guard let tree = value.jsonValue else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: codingPath, debugDescription: "JSON has no infinity and no NaN"))
        }
        content = .value(tree)
    }

    func encode(_ value: some Encodable, at codingPath: [any CodingKey]) throws {
        try value.encode(to: JSONValueEncoder(node: self, codingPath: codingPath))
    }
}

// MARK: - Containers

// The protocols ask for one method per primitive type; the generic `encode` for `JSONPrimitive` answers them all.

private struct JSONValueEncoder: Encoder, SingleValueEncodingContainer {
    let node: Node
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        node.becomeObject()
        return KeyedEncodingContainer(KeyedEncoding(node: node, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        node.becomeArray()
        return UnkeyedEncoding(node: node, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() { node.content = .value(.null) }
    func encode<T: JSONPrimitive>(_ value: T) throws { try node.encode(value, at: codingPath) }
    func encode<T: Encodable>(_ value: T) throws { try node.encode(value, at: codingPath) }
}

private struct KeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: Node
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Key) { node.append(key.stringValue).content = .value(.null) }

    func encode<T: JSONPrimitive>(_ value: T, forKey key: Key) throws {
        try node.append(key.stringValue).encode(value, at: codingPath + [key])
    }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try node.append(key.stringValue).encode(value, at: codingPath + [key])
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        encoder(for: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder(for: key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { encoder(for: SuperKey()) }
    func superEncoder(forKey key: Key) -> any Encoder { encoder(for: key) }

    private func encoder(for key: some CodingKey) -> JSONValueEncoder {
        JSONValueEncoder(node: node.append(key.stringValue), codingPath: codingPath + [key])
    }
}

private struct UnkeyedEncoding: UnkeyedEncodingContainer {
    let node: Node
    let codingPath: [any CodingKey]
    var count: Int { node.count }

    func encodeNil() { node.append().content = .value(.null) }

    func encode<T: JSONPrimitive>(_ value: T) throws {
        let key = IndexKey(count)
        try node.append().encode(value, at: codingPath + [key])
    }

    func encode<T: Encodable>(_ value: T) throws {
        let key = IndexKey(count)
        try node.append().encode(value, at: codingPath + [key])
    }

    func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        nextEncoder().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nextEncoder().unkeyedContainer() }

    func superEncoder() -> any Encoder { nextEncoder() }

    private func nextEncoder() -> JSONValueEncoder {
        let key = IndexKey(count)
        return JSONValueEncoder(node: node.append(), codingPath: codingPath + [key])
    }
}

// MARK: - The tree itself

extension JSONValue: Encodable {
    /// - Throws: `EncodingError` with any other encoder than the one behind `JSONValue(encoding:)`: what another one does
    ///   with a number as it was written, or with two canonically equal names, is not known.
    package func encode(to encoder: any Encoder) throws {
        guard let encoder = encoder as? JSONValueEncoder else {
            throw EncodingError.invalidValue(
                self,
                .init(codingPath: encoder.codingPath, debugDescription: "a JSON tree needs JSONValue(encoding:)"))
        }
        encoder.node.content = .value(self)
    }
}

extension JSONObject: Encodable {
    /// - Throws: as `JSONValue.encode(to:)`.
    package func encode(to encoder: any Encoder) throws { try JSONValue.object(self).encode(to: encoder) }
}

extension JSONNumber: Encodable {
    /// - Throws: as `JSONValue.encode(to:)`.
    package func encode(to encoder: any Encoder) throws { try JSONValue.number(self).encode(to: encoder) }
}
