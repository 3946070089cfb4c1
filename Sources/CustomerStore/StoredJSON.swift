import JSON

// JSON as the database holds it.

/// Empty where there is no object.
func storedObject(_ text: String?) -> JSONObject {
    guard let text else { return [:] }
    return (try? JSONValue(parsing: Array(text.utf8)))?.object ?? [:]
}

func storedJSON(_ object: JSONObject) -> String { object.description }

func storedJSON(_ ids: [String]) -> String { JSONValue.array(ids.map { .string($0) }).description }
