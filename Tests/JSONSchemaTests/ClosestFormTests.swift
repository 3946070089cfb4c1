import JSON
import JSONSchema
import Testing

@Suite struct ClosestFormTests {
    private static let event = """
        {
            "anyOf": [{"$ref": "#/$defs/created"}, {"$ref": "#/$defs/deleted"}, {"type": "null"}],
            "$defs": {
                "created": {
                    "type": "object", "required": ["kind", "email"], "additionalProperties": false,
                    "properties": {"kind": {"const": "created"}, "email": {"type": "string"}}
                },
                "deleted": {
                    "type": "object", "required": ["kind", "id"], "additionalProperties": false,
                    "properties": {
                        "kind": {"const": "deleted"}, "id": {"type": "string", "minLength": 3}, "mode": {"enum": [1, 2]}
                    }
                }
            }
        }
        """

    @Test(
        "The form that the value most likely means is explained, and no other",
        arguments: [
            // The member that tells the forms apart counts more than how much is wrong.
            (#"{"kind": "deleted", "email": "a"}"#, 1, ["/$ref/required", "/$ref/additionalProperties"]),
            (
                #"{"kind": "created", "id": 1, "mode": 3}"#, 0,
                ["/$ref/required", "/$ref/additionalProperties", "/$ref/additionalProperties"]
            ),
            // A member with certain values that only one form has doesn't tell them apart.
            (#"{"kind": "deleted", "id": "abc", "mode": 3}"#, 1, ["/$ref/properties/mode/enum"]),
            // Without it the fewest violations count.
            (#"{"id": "a"}"#, 1, ["/$ref/required", "/$ref/properties/id/minLength"]),
            // The type counts most of all.
            (#"{}"#, 0, ["/$ref/required", "/$ref/required"]),
        ])
    func discriminated(instance: String, form: Int, locations: [String]) throws {
        let violations = try validate(instance, by: Self.event)
        let summary = try #require(violations.list.first)
        #expect(summary.keywordLocation == "/anyOf")
        #expect(summary.error == "matches none of the 3 allowed forms; closest is form \(form)")
        #expect(summary.params == ["forms": 3, "closest": .number(JSONNumber(form))])
        #expect(violations.list.dropFirst().map(\.keywordLocation) == locations.map { "/anyOf/\(form)" + $0 })
        #expect(violations.total == violations.list.count)
    }

    @Test("A form for the right type of value is closer than one with fewer violations")
    func type() throws {
        let schema = #"{"oneOf": [{"type": "integer"}, {"type": "string", "minLength": 3, "pattern": "^x"}]}"#
        let violations = try validate(#""ab""#, by: schema)
        #expect(violations.list.map(\.keywordLocation) == ["/oneOf", "/oneOf/1/minLength", "/oneOf/1/pattern"])
    }

    @Test("Of two forms with one violation each, the one that fits more deeply is closer")
    func depth() throws {
        let schema = """
            {"anyOf": [
                {"required": ["b"]},
                {"properties": {"a": {"properties": {"c": {"type": "null"}}}}}
            ]}
            """
        let violations = try validate(#"{"a": {"c": 1}}"#, by: schema)
        #expect(violations.list.map(\.instanceLocation) == ["", "/a/c"])
    }

    @Test("The choice doesn't hang on how many violations are asked for")
    func limit() throws {
        let violations = try validate(#"{"kind": "deleted"}"#, by: Self.event, limit: 1)
        #expect(violations.list.map(\.error) == ["matches none of the 3 allowed forms; closest is form 1"])
        #expect(violations.total == 2)
    }
}
