package import JSON

/// A schema that other schemas refer to by its name, said once.
package struct Definition: Sendable {
    package let name: String
    let shape: Shape

    init(_ name: String, _ shape: Shape) {
        self.name = name
        self.shape = shape
    }

    package var json: JSONValue { .object(JSONObject([.init("title", .string(name))] + shape.keywords.members)) }
}

// MARK: - Documents

extension Shape {
    private static let dialect: JSONValue = "https://json-schema.org/draft/2020-12/schema"

    /// The shape as a file that stands alone: an outside program can validate with it.
    package func document(title: String) -> JSONValue {
        var document: JSONObject = ["$schema": Self.dialect, "title": .string(title)]
        document["description"] = keywords["description"]
        for member in keywords.members { document[member.name] = member.value }
        let definitions = definitions
        guard !definitions.isEmpty else { return .object(document) }
        document["$defs"] = .object(JSONObject(definitions.map { .init($0.name, $0.json) }))
        return .object(document)
    }

    /// The definition as a file of its own, of what is one.
    package var definitionDocument: JSONValue? {
        mentions.first.map { $0.shape.document(title: $0.name) }
    }

    /// What it refers to, also by way of others, in the order of `published`.
    private var definitions: [Definition] {
        var found: [String: Definition] = [:]
        func visit(_ shape: Shape) {
            for definition in shape.mentions where found[definition.name] == nil {
                found[definition.name] = definition
                visit(definition.shape)
            }
        }
        visit(self)
        return Self.published.compactMap { found[$0] }
    }

    /// The names of all definitions in the order in which schemas have them.
    private static let published: [String] = [
        email, customer, operatorWait, userId, user, auditAnchor, customerId, metadata, actor, errorData, limit,
        metadataChange, address, auditEvent, sync, addressChange, shipping, shippingChange, invoiceSettings,
        invoiceSettingsChange, cashBalance, tax, taxChange, meta,
    ].flatMap(\.mentions).map(\.name)
}
