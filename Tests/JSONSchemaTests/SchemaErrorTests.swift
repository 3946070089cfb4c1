import JSON
import JSONSchema
import Testing

@Suite struct SchemaErrorTests {
    @Test(
        "A keyword outside of the closed list is refused by its name and place",
        arguments: [
            (
                #"{"minLenght": 1}"#, "/minLenght", "minLenght",
                #"is not a supported keyword; did you mean "minLength"?"#
            ),
            (
                #"{"properties": {"a/b": {"items": {"dependentSchemas": {}}}}}"#,
                "/properties/a~1b/items/dependentSchemas", "dependentSchemas", "is not a supported keyword"
            ),
            (#"{"$defs": {"a": {"$anchor": "x"}}}"#, "/$defs/a/$anchor", "$anchor", "is not a supported keyword"),
            (#"{"anyOf": [true, {"x-a": 1}]}"#, "/anyOf/1/x-a", "x-a", "is not a supported keyword"),
            (#"{"then": {"nope": 1}}"#, "/then/nope", "nope", "is not a supported keyword"),
            (
                #"{"if": true, "else": {"unevaluatedItems": false}}"#, "/else/unevaluatedItems", "unevaluatedItems",
                "is not a supported keyword"
            ),
            (#"{"$defs": {"a": {"$id": "b"}}}"#, "/$defs/a/$id", "$id", "is allowed only at the root"),
            (#"{"not": {"$schema": "b"}}"#, "/not/$schema", "$schema", "is allowed only at the root"),
            (
                #"{"$schema": "http://json-schema.org/draft-07/schema#"}"#, "/$schema", "$schema",
                #"must be "https://json-schema.org/draft/2020-12/schema""#
            ),
            (
                #"{"format": "hostname"}"#, "/format", "format",
                #""hostname" is not a supported format, which are "email", "uri", "date-time", "uuid", "text""#
            ),
        ])
    func unsupported(schema: String, location: String, keyword: String, reason: String) throws {
        let error = try #require(throws: SchemaError.self) { try Schema(try json(schema)) }
        #expect(error.location == location)
        #expect(error.keyword == keyword)
        #expect(error.reason == reason)
    }

    @Test(
        "A malformed value of a keyword is refused",
        arguments: [
            #"{"type": "strng"}"#, #"{"type": []}"#, #"{"type": ["null", "null"]}"#, #"{"type": 1}"#,
            #"{"enum": []}"#, #"{"enum": "a"}"#, #"{"minLength": -1}"#, #"{"maxLength": 1.5}"#,
            #"{"maxItems": "1"}"#, #"{"minProperties": null}"#, #"{"minimum": "1"}"#, #"{"multipleOf": 0}"#,
            #"{"multipleOf": -1}"#, #"{"required": [1]}"#, #"{"required": ["a", "a"]}"#, #"{"required": "a"}"#,
            #"{"dependentRequired": {"a": "b"}}"#, #"{"dependentRequired": []}"#, #"{"properties": []}"#,
            #"{"properties": {"a": 1}}"#, #"{"patternProperties": {"(": true}}"#, #"{"additionalProperties": null}"#,
            #"{"propertyNames": "a"}"#, #"{"items": [true]}"#, #"{"prefixItems": []}"#, #"{"prefixItems": {}}"#,
            #"{"contains": 1}"#, #"{"minContains": -1}"#, #"{"contains": true, "maxContains": "1"}"#,
            #"{"uniqueItems": 1}"#, #"{"pattern": "["}"#, #"{"pattern": 1}"#, #"{"format": 1}"#, #"{"allOf": []}"#,
            #"{"anyOf": {}}"#, #"{"oneOf": [1]}"#, #"{"not": 1}"#, #"{"if": 1}"#, #"{"then": 1}"#, #"{"$defs": []}"#,
            #"{"$defs": {"a": 1}}"#, #"{"$ref": 1}"#, #"{"title": 1}"#, #"{"deprecated": "yes"}"#,
            #"{"examples": {}}"#, #"{"$comment": null}"#, #"{"$id": "a#b"}"#, "1", "null", "[]",
        ])
    func malformed(schema: String) throws {
        #expect(throws: SchemaError.self) { try Schema(try json(schema)) }
    }

    @Test(
        "A reference that leads nowhere, outside or to no schema is refused",
        arguments: [
            "#/$defs/b", "#/$defs", "#/$defs/a/const", "#/properties", "#a", "a", "", "https://example.com/a#/$defs/a",
            "#/$defs/%zz", "#/$defs/%FF", "#/$defs/~2", "/$defs/a",
        ])
    func reference(target: String) throws {
        let schema: JSONValue = ["$ref": .string(target), "$defs": ["a": ["const": 1]], "properties": [:]]
        let error = try #require(throws: SchemaError.self) { try Schema(schema) }
        #expect(error.location == "/$ref")
        #expect(error.keyword == "$ref")
    }

    @Test(
        "References that go round in a circle without a step into the value are refused",
        arguments: [
            ##"{"$ref": "#"}"##, ##"{"allOf": [{"$ref": "#"}]}"##,
            ##"{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}"##,
            ##"{"$defs": {"a": {"not": {"anyOf": [true, {"if": {"$ref": "#/$defs/a"}}]}}}}"##,
            ##"{"if": true, "then": {"oneOf": [{"$ref": "#"}]}}"##,
        ])
    func circle(schema: String) throws {
        let error = try #require(throws: SchemaError.self) { try Schema(try json(schema)) }
        #expect(error.keyword == "$ref")
        #expect(error.reason == "leads back to itself without a step into the value")
    }

    @Test("Recursion through members and items is allowed, to the depth that the parser allows")
    func recursion() throws {
        let schema = """
            {
                "anyOf": [{"type": "array", "items": {"$ref": "#"}}, {"$ref": "#/$defs/node"}, {"type": "null"}],
                "$defs": {"node": {"type": "object", "additionalProperties": {"$ref": "#"}}}
            }
            """
        let opening = String(repeating: #"[{"a":"#, count: 63)
        let closing = String(repeating: "}]", count: 63)
        #expect(try validate(opening + "null" + closing, by: schema).isEmpty)
        let violations = try validate(opening + "1" + closing, by: schema)
        #expect(violations.total == 128)
        #expect(violations.list.first?.error == "matches none of the 3 allowed forms; closest is form 0")
    }

    @Test("Annotations assert nothing, and a boolean is a schema")
    func annotations() throws {
        let schema = """
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/a",
                "$comment": "a", "title": "a", "description": "a", "default": 1, "deprecated": true, "readOnly": false,
                "writeOnly": true, "examples": [1], "minContains": 3, "then": false, "else": false
            }
            """
        #expect(try validate("[]", by: schema).isEmpty)
        #expect(try validate("1", by: "true").isEmpty)
        let violations = try validate("1", by: "false")
        #expect(violations.list.map(\.error) == ["is not allowed"])
        #expect(violations.list.map(\.keywordLocation) == [""])
    }
}
