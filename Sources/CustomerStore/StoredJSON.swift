package import JSON

// JSON as the database holds it.

/// Empty where there is no object.
package func storedObject(_ text: String?) -> JSONObject {
    guard let text else { return [:] }
    return (try? JSONValue(parsing: Array(text.utf8)))?.object ?? [:]
}

/// The texts of a list.
package func storedTexts(_ text: String?) -> [String] {
    guard let text, case .array(let values)? = try? JSONValue(parsing: Array(text.utf8)) else { return [] }
    return values.compactMap(\.string)
}

package func storedJSON(_ object: JSONObject) -> String { object.description }

package func storedJSON(_ texts: [String]) -> String { JSONValue.array(texts.map { .string($0) }).description }

/// The stored form of a user's metadata: NULL when there is none.
package func storedMetadata(_ metadata: JSONObject) -> String? { metadata.isEmpty ? nil : storedJSON(metadata) }
