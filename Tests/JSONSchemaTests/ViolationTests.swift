import JSON
import JSONSchema
import Testing

@Suite struct ViolationTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let schema: String
        let instance: String
        let error: String
        let params: String
        let instanceLocation: String

        init(_ schema: String, _ instance: String, _ error: String, _ params: String, at instanceLocation: String = "")
        {
            (self.schema, self.instance, self.error, self.params) = (schema, instance, error, params)
            self.instanceLocation = instanceLocation
        }

        var testDescription: String { schema }
    }

    @Test(
        "Each keyword says what a person needs, and its params what a program needs",
        arguments: [
            Example(
                #"{"type":"string"}"#, "1", "must be a string, not a number",
                #"{"expected":["string"],"actual":"number"}"#),
            Example(
                #"{"type":["string","null"]}"#, "true", "must be a string or null, not a boolean",
                #"{"expected":["string","null"],"actual":"boolean"}"#),
            Example(
                #"{"type":"integer"}"#, "1.5", "must be an integer, not a number with a fraction",
                #"{"expected":["integer"],"actual":"number"}"#),
            Example(
                #"{"enum":["error","return","allow"]}"#, #""update""#, #"must be one of "error", "return", "allow""#,
                #"{"allowed":["error","return","allow"]}"#),
            Example(#"{"const":"customer"}"#, #""user""#, #"must be "customer""#, #"{"allowed":["customer"]}"#),
            Example(
                #"{"enum":[1,2,3,4,5,6,7,8,9,10,11,12,13,14]}"#, "0",
                "must be one of 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, … and 2 more",
                #"{"allowed":[1,2,3,4,5,6,7,8,9,10,11,12,13,14]}"#),
            Example(#"{"minimum":1}"#, "0", "must be at least 1", #"{"limit":1}"#),
            Example(#"{"maximum":100}"#, "101", "must be at most 100", #"{"limit":100}"#),
            Example(#"{"exclusiveMinimum":0}"#, "0.0", "must be greater than 0", #"{"limit":0}"#),
            Example(#"{"exclusiveMaximum":1e2}"#, "100", "must be less than 1e2", #"{"limit":1e2}"#),
            Example(#"{"multipleOf":0.01}"#, "0.075", "must be a multiple of 0.01", #"{"multipleOf":0.01}"#),
            Example(
                #"{"maxLength":2}"#, #""abc""#, "has 3 characters; at most 2 are allowed", #"{"limit":2,"actual":3}"#),
            Example(#"{"minLength":1}"#, #""""#, "has 0 characters; at least 1 is needed", #"{"limit":1,"actual":0}"#),
            Example(#"{"maxItems":1}"#, "[1,2]", "has 2 items; at most 1 is allowed", #"{"limit":1,"actual":2}"#),
            Example(#"{"minItems":2}"#, "[1]", "has 1 item; at least 2 are needed", #"{"limit":2,"actual":1}"#),
            Example(
                #"{"maxProperties":0}"#, #"{"a":1}"#, "has 1 member; at most 0 are allowed",
                #"{"limit":0,"actual":1}"#),
            Example(#"{"minProperties":1}"#, "{}", "has 0 members; at least 1 is needed", #"{"limit":1,"actual":0}"#),
            Example(
                #"{"pattern":"^[A-Z]{3}$"}"#, #""abc""#, "does not match the pattern ^[A-Z]{3}$",
                #"{"pattern":"^[A-Z]{3}$"}"#),
            Example(
                #"{"pattern":"^[A-Z]{3}$","description":"A code of three capitals, such as AZ. Or so."}"#, #""abc""#,
                "must be a code of three capitals, such as AZ", #"{"pattern":"^[A-Z]{3}$"}"#),
            Example(
                #"{"pattern":"^[0-9]$","description":"IPv4 digits."}"#, #""a""#, "must be IPv4 digits",
                #"{"pattern":"^[0-9]$"}"#),
            Example(#"{"format":"email"}"#, #""ada""#, "is not an email address", #"{"format":"email"}"#),
            Example(
                #"{"uniqueItems":true}"#, "[1,2,1.0]", "items 0 and 2 are equal; all must differ",
                #"{"first":0,"second":2}"#),
            Example(
                #"{"prefixItems":[true],"items":false}"#, "[1,2,3]", "has 3 items; at most 1 is allowed",
                #"{"limit":1,"actual":3}"#),
            Example(
                #"{"contains":{"type":"string"}}"#, "[1]",
                #"has 0 items of the form in "contains"; at least 1 is needed"#, #"{"limit":1,"actual":0}"#),
            Example(
                #"{"contains":{"type":"integer"},"maxContains":1}"#, "[1,2]",
                #"has 2 items of the form in "contains"; at most 1 is allowed"#, #"{"limit":1,"actual":2}"#),
            Example(
                #"{"required":["email"]}"#, "{}", #"the member "email" is missing"#, #"{"missingProperty":"email"}"#),
            Example(
                #"{"dependentRequired":{"card":["address"]}}"#, #"{"card":1}"#,
                #"the member "address" is missing, which "card" needs beside it"#,
                #"{"property":"card","missingProperty":"address"}"#),
            Example(
                #"{"properties":{"email":true,"name":true},"additionalProperties":false}"#, #"{"emial":1}"#,
                #"unknown member "emial"; did you mean "email"? Allowed: "email", "name""#,
                #"{"additionalProperty":"emial","suggestion":"email"}"#, at: "/emial"),
            Example(
                #"{"patternProperties":{"^x-":true},"additionalProperties":false}"#, #"{"a/b":1}"#,
                #"unknown member "a/b". Allowed: names that match ^x-"#, #"{"additionalProperty":"a/b"}"#,
                at: "/a~1b"),
            Example(
                #"{"additionalProperties":false}"#, #"{"a":1}"#, #"unknown member "a". No members are allowed"#,
                #"{"additionalProperty":"a"}"#, at: "/a"),
            Example(
                #"{"propertyNames":{"maxLength":1}}"#, #"{"ab":1}"#,
                #"the member name "ab" has 2 characters; at most 1 is allowed"#,
                #"{"limit":1,"actual":2,"propertyName":"ab"}"#),
            Example(
                #"{"not":{"const":"a","description":"The first letter."}}"#, #""a""#, "must not be the first letter",
                "{}"),
            Example(#"{"not":{"type":"null"}}"#, "null", #"is of the form that "not" excludes"#, "{}"),
            Example(
                #"{"oneOf":[{"type":"integer"},{"type":"string"},{"minimum":2}]}"#, "3",
                "matches forms 0 and 2; exactly one is allowed", #"{"matching":[0,2]}"#),
            Example(#"{"properties":{"a":false}}"#, #"{"a":1}"#, "is not allowed", "{}", at: "/a"),
        ])
    func text(_ example: Example) throws {
        let violations = try validate(example.instance, by: example.schema)
        #expect(violations.total == 1)
        let violation = try #require(violations.list.first)
        #expect(violation.error == example.error)
        #expect(String(decoding: JSONValue.object(violation.params).serialized(), as: UTF8.self) == example.params)
        #expect(violation.instanceLocation == example.instanceLocation)
    }

    @Test("A violation as JSON has the basic form's members, the keyword and its params, in this order")
    func form() throws {
        let schema = """
            {"properties": {"a/b": {"$ref": "#/$defs/short"}}, "$defs": {"short": {"maxLength": 1}}}
            """
        let violations = try validate(#"{"a/b": "xyz"}"#, by: schema)
        let texts = violations.list.map { String(decoding: $0.json.serialized(), as: UTF8.self) }
        #expect(
            texts == [
                #"{"instanceLocation":"/a~1b","keywordLocation":"/properties/a~1b/$ref/maxLength","#
                    + #""keyword":"maxLength","params":{"limit":1,"actual":3},"#
                    + #""error":"has 3 characters; at most 1 is allowed"}"#
            ])
    }

    @Test("A name in a report is cut when it is long, and masked when it is an email")
    func names() throws {
        let long = String(repeating: "ä/", count: 1000)
        let shown = String(repeating: "ä/", count: 40) + "…"
        let schema = #"{"additionalProperties": {"type": "null"}, "propertyNames": {"maxLength": 80}}"#
        for violation in try validate(#"{"\#(long)": 1}"#, by: schema).list {
            #expect(violation.json.serialized().count < 1000)
            #expect(
                violation.keyword == "type"
                    ? violation.instanceLocation == "/" + shown.replacing("/", with: "~1")
                    : violation.params["propertyName"]?.string == shown)
        }
        let text =
            "\(try validate(#"{"ada@example.com": 1}"#, by: #"{"additionalProperties": false}"#).list.map(\.json))"
        #expect(text.contains("/a***@example.com") && !text.contains("ada"))
    }

    @Test("All violations are counted and the first ones described")
    func limit() throws {
        let names = (0..<100).map { "\"m\($0)\": 0" }.joined(separator: ", ")
        let violations = try validate("{\(names)}", by: #"{"additionalProperties": {"type": "null"}}"#)
        #expect(violations.total == 100)
        #expect(violations.list.count == 64)
        #expect(violations.list.last?.instanceLocation == "/m63")
        let few = try validate("{\(names)}", by: #"{"additionalProperties": false, "required": ["a"]}"#, limit: 2)
        #expect(few.total == 101)
        #expect(few.list.map(\.keyword) == ["additionalProperties", "additionalProperties"])
    }

    @Test("Several keywords report in the order of the schema, each member in the order of the value")
    func order() throws {
        let schema = """
            {"required": ["a", "b"], "properties": {"x": {"type": "null"}, "y": {"enum": [1], "type": "string"}}}
            """
        let violations = try validate(#"{"y": 2, "x": 2}"#, by: schema)
        #expect(
            violations.list.map(\.keywordLocation) == [
                "/required", "/required", "/properties/y/enum", "/properties/y/type", "/properties/x/type",
            ])
    }

    @Test("A text that is far too long is not matched with the pattern as well")
    func farTooLong() throws {
        let schema = #"{"pattern": "^b", "maxLength": 2}"#
        #expect(try validate(#""aaa""#, by: schema).list.map(\.keyword) == ["pattern", "maxLength"])
        #expect(
            try validate("\"\(String(repeating: "a", count: 12))\"", by: schema).list.map(\.keyword) == ["maxLength"])
    }

    @Test("A text never has the value, and a long member name only in part")
    func privacy() throws {
        let schema = """
            {
                "type": "null", "enum": [null], "const": null, "maxLength": 9, "pattern": "^$", "format": "uuid",
                "not": {"type": "string"}, "anyOf": [{"const": 1}, {"minLength": 99}], "oneOf": [true, true]
            }
            """
        let violations = try validate(#""ada@example.com""#, by: schema)
        #expect(violations.total == 10)
        for violation in violations.list {
            #expect(!String(decoding: violation.json.serialized(), as: UTF8.self).contains("ada"))
        }
        let long = String(repeating: "é", count: 100)
        let unknown = try validate(#"{"\#(long)": 1}"#, by: #"{"additionalProperties": false}"#)
        #expect(unknown.list.first?.error == "unknown member \"\(long.prefix(80))…\". No members are allowed")
        #expect(
            try validate(#"{"\u0000\"": 1}"#, by: #"{"additionalProperties": false}"#).list.first?.error
                == #"unknown member "\u0000\"". No members are allowed"#)
    }
}
