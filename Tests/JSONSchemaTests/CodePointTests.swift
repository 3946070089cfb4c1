import JSON
import JSONSchema
import Testing

/// Swift holds "é" and "e" with a combining accent for equal and counts graphemes. JSON Schema does neither.
@Suite struct CodePointTests {
    @Test(
        "Two spellings of one letter are two strings",
        arguments: [
            (#"{"const": "\u00e9"}"#, #""e\u0301""#),
            (#"{"enum": ["\u00e9"]}"#, #""e\u0301""#),
            (#"{"required": ["\u00e9"]}"#, #"{"e\u0301": 1}"#),
            (#"{"properties": {"\u00e9": true}, "additionalProperties": false}"#, #"{"e\u0301": 1}"#),
            (#"{"dependentRequired": {"e\u0301": ["\u00e9"]}}"#, #"{"e\u0301": 1}"#),
            (#"{"pattern": "^\u00e9$"}"#, #""e\u0301""#),
            (#"{"const": {"\u00e9": 1}}"#, #"{"e\u0301": 1}"#),
        ])
    func differ(schema: String, instance: String) throws {
        #expect(try validate(instance, by: schema).total == 1)
    }

    @Test(
        "What belongs to one spelling says nothing about the other",
        arguments: [
            (#"{"uniqueItems": true}"#, #"["\u00e9", "e\u0301"]"#),
            (#"{"properties": {"\u00e9": false}}"#, #"{"e\u0301": 1}"#),
            (#"{"dependentRequired": {"\u00e9": ["a"]}}"#, #"{"e\u0301": 1}"#),
            (#"{"not": {"const": "\u00e9"}}"#, #""e\u0301""#),
            (
                #"{"properties": {"\u00e9": {"const": 1}, "e\u0301": {"const": 2}}, "required": ["\u00e9", "e\u0301"]}"#,
                #"{"\u00e9": 1, "e\u0301": 2}"#
            ),
            (##"{"$ref": "#/$defs/e\u0301", "$defs": {"\u00e9": false, "e\u0301": true}}"##, "1"),
        ])
    func keepApart(schema: String, instance: String) throws {
        #expect(try validate(instance, by: schema).isEmpty)
    }

    @Test(
        "A length is the number of code points, not of graphemes, bytes or UTF-16 units",
        arguments: [
            (#""e\u0301""#, 2), (#""👨‍👩‍👧""#, 5), (#""\r\n""#, 2), (#""🇩🇪""#, 2), (#""\ud83d\udc32""#, 1),
        ])
    func length(instance: String, count: Int) throws {
        #expect(try validate(instance, by: #"{"minLength": \#(count), "maxLength": \#(count)}"#).isEmpty)
    }

    @Test(
        "Numbers are equal by value, and a boolean is none",
        arguments: [
            (#"{"const": 1}"#, "1.0", true), (#"{"const": 1}"#, "true", false), (#"{"const": 0}"#, "false", false),
            (#"{"enum": [[1]]}"#, "[1.00]", true), (#"{"enum": [[true]]}"#, "[1]", false),
            (#"{"const": {"a": 1, "b": 2}}"#, #"{"b": 2.0, "a": 1}"#, true),
            (#"{"uniqueItems": true}"#, "[1, true, 0, false]", true),
            (#"{"uniqueItems": true}"#, #"[{"a": 1, "b": 2}, {"b": 2, "a": 1.0}]"#, false),
            (#"{"type": "integer"}"#, "1.0", true), (#"{"type": "integer"}"#, "1e400", true),
            (#"{"type": "integer"}"#, "1.5", false), (#"{"type": "number"}"#, "true", false),
            (#"{"maximum": 9007199254740992}"#, "9007199254740993", false),
            (#"{"multipleOf": 0.1}"#, "0.3", true), (#"{"minimum": 0}"#, "-0.0", true),
        ])
    func numbers(schema: String, instance: String, isValid: Bool) throws {
        #expect(try validate(instance, by: schema).isEmpty == isValid)
    }

    @Test("Whether items are unique is found out in a time that grows with the array", .timeLimit(.minutes(1)))
    func manyItems() throws {
        let schema = try Schema(["uniqueItems": true])
        var items = (0..<50_000).map { JSONValue.string("item \($0)") }
        #expect(schema.validate(.array(items)).isEmpty)
        items.append("item 7")
        #expect(schema.validate(.array(items)).list.first?.error == "items 7 and 50000 are equal; all must differ")
    }
}
