import JSON
import JSONSchema
import Testing

func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text.utf8) }

/// What a schema finds wrong with a value, both as JSON text.
func validate(_ instance: String, by schema: String, limit: Int = 64) throws -> Violations {
    try Schema(try json(schema)).validate(try json(instance), limit: limit)
}
