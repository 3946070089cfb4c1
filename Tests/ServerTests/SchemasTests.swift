import AccessPolicy
import CustomerService
import Foundation
import Interface
import JSON
import JSONSchema
import Testing

@Suite("Schemas") struct SchemasTests {
    static let methods = CustomerService.description.names
    static let files =
        CustomerService.description.files + [("policy.json", AccessPolicy.schema(for: CustomerService.description))]
    static let schemaFiles = files.map(\.name).filter { !["errors.json", "methods.json"].contains($0) }

    @Test("An integer that a host may send has limits within what every JSON reader takes exactly")
    func integerLimits() throws {
        let largest = Int64(1) << 53
        for name in Self.schemaFiles where !name.hasSuffix(".result.json") {
            for schema in integers(in: try document(name)) {
                let (minimum, maximum) = (schema["minimum"]?.int64 ?? .min, schema["maximum"]?.int64 ?? .max)
                #expect(minimum > -largest && maximum < largest, "\(name): \(schema)")
            }
        }
    }

    private func integers(in value: JSONValue) -> [JSONValue] {
        switch value {
        case .object(let object):
            (value["type"]?.string == "integer" ? [value] : []) + object.members.flatMap { integers(in: $0.value) }
        case .array(let elements): elements.flatMap(integers)
        default: []
        }
    }

    @Test(
        "What is no method is not found",
        arguments: ["", "meta", "policy", "../ping", "ping.params", "PING", "createcustomer"])
    func unknownMethod(name: String) {
        #expect(CustomerService.description[name]?.name == nil)
    }

    @Test("A schema stands alone: dialect, title, description, references into itself", arguments: schemaFiles)
    func standsAlone(name: String) throws {
        let schema = try document(name)
        #expect(schema["$schema"]?.string == "https://json-schema.org/draft/2020-12/schema")
        #expect(schema["title"]?.string?.isEmpty == false)
        #expect(schema["description"]?.string?.isEmpty == false)
        let definitions = schema["$defs"]?.object ?? [:]
        var used: Set<String> = []
        visitSchemas(in: schema) { part in
            for keyword in part.members.map(\.name) {
                #expect(Self.keywords.contains(keyword), "\(keyword)")
            }
            for member in part["properties"]?.object?.members ?? [] {
                let described = member.value["description"] != nil || member.value["$ref"] != nil
                #expect(described, "\(member.name) has no description")
            }
            guard let reference = part["$ref"]?.string else { return }
            let definition = String(reference.dropFirst("#/$defs/".count))
            #expect(reference.hasPrefix("#/$defs/") && definitions[definition] != nil, "\(reference)")
            used.insert(definition)
        }
        #expect(used == Set(definitions.members.map(\.name)))
    }

    @Test("A definition of the same name is the same in every file")
    func sharedDefinitions() throws {
        var first: [String: (file: String, schema: JSONValue)] = [:]
        for name in Self.schemaFiles {
            for definition in try document(name)["$defs"]?.object?.members ?? [] {
                if let known = first[definition.name] {
                    #expect(known.schema == definition.value, "\(definition.name) in \(known.file) and \(name)")
                } else {
                    first[definition.name] = (name, definition.value)
                }
            }
        }
        #expect(first.count > 10)
    }

    @Test(
        "Every pattern, and every form that is excluded, has a description to be told with", arguments: schemaFiles)
    func wordsOfPatterns(name: String) throws {
        visitSchemas(in: try document(name)) { part in
            if part["pattern"] != nil { #expect(part["description"]?.string?.isEmpty == false, "\(part)") }
            if let excluded = part["not"] { #expect(excluded["description"]?.string?.isEmpty == false, "\(part)") }
        }
    }

    @Test("Params refuse unknown members, require only known ones and leave room for _meta", arguments: methods)
    func closedParams(method: String) throws {
        let params = try #require(CustomerService.description[method]?.paramsSchema)
        #expect(params["type"] == "object")
        #expect(params["additionalProperties"] == false)
        #expect(params["properties"]?["_meta"] == ["$ref": "#/$defs/Meta"])
        var meta = try #require(CallMeta.schema.object)
        meta["$schema"] = nil
        #expect(params["$defs"]?["Meta"] == .object(meta), "copy meta.json into it")
        for required in params["required"]?.array ?? [] {
            #expect(params["properties"]?[required.string ?? ""] != nil)
        }
    }

    @Test("The method table describes each method and names known tags and errors", arguments: methods)
    func methodTable(method: String) throws {
        let entry = try #require(CustomerService.description.methods.map(\.json).first { $0["name"]?.string == method })
        let types = ErrorKind.allCases.map(\.json).compactMap { $0["type"]?.string }
        for member in ["group", "summary", "description"] { #expect(entry[member]?.string?.isEmpty == false) }
        let tags = entry["tags"]?.array?.compactMap(\.string) ?? []
        #expect(Set(tags).isSubset(of: ["readOnly", "destructive", "idempotent"]))
        #expect(!(tags.contains("readOnly") && tags.contains("destructive")))
        let errors = entry["errors"]?.array?.compactMap(\.string) ?? []
        #expect(Set(errors).isSubset(of: Set(types)))
        #expect(Set(errors).count == errors.count)
    }

    @Test("Each kind of error has a code of its own")
    func errors() {
        #expect(Set(ErrorKind.allCases.map(\.code)).count == ErrorKind.allCases.count)
    }

    @Test("A policy can name every method")
    func policyMethods() {
        let role = AccessPolicy.schema(for: CustomerService.description)["properties"]?["roles"]?[
            "additionalProperties"]
        let names = role?["properties"]?["methods"]?["items"]?["enum"]?.array?.compactMap(\.string)
        #expect(names == ["*"] + CustomerService.description.names)
    }

    private static let keywords: Set<String> = [
        "$schema", "$defs", "$ref", "title", "description", "default", "examples", "type", "enum", "const", "pattern",
        "format", "minLength", "maxLength", "minimum", "maximum", "maxItems", "maxProperties", "required",
        "properties", "additionalProperties", "propertyNames", "items", "anyOf", "not",
    ]
}

/// The content of a published file.
func document(_ name: String) throws -> JSONValue {
    try #require(SchemasTests.files.first { $0.name == name }).content
}

/// Calls `body` with a schema and each schema in it.
func visitSchemas(in schema: JSONValue, _ body: (JSONObject) -> Void) {
    guard let object = schema.object else { return }
    body(object)
    for keyword in ["properties", "$defs"] {
        for member in object[keyword]?.object?.members ?? [] { visitSchemas(in: member.value, body) }
    }
    for keyword in ["items", "additionalProperties", "propertyNames"] {
        if let subschema = object[keyword] { visitSchemas(in: subschema, body) }
    }
    if let subschema = object["not"] { visitSchemas(in: subschema, body) }
    for subschema in object["anyOf"]?.array ?? [] { visitSchemas(in: subschema, body) }
}

@Suite("What the schemas let through") struct ValidationTests {
    @Test("Every schema file compiles, and its examples and defaults fit it", arguments: SchemasTests.schemaFiles)
    func compilesWithExamples(file: String) throws {
        let schema = try document(file)
        _ = try Schema(schema)
        var examined: [(JSONObject, JSONValue)] = []
        visitSchemas(in: schema) { part in
            for value in part["examples"]?.array ?? [] { examined.append((part, value)) }
            if let value = part["default"] { examined.append((part, value)) }
        }
        for (part, value) in examined {
            var alone = part
            alone["$defs"] = schema["$defs"]
            let violations = try Schema(.object(alone)).validate(value)
            #expect(violations.isEmpty, "\(violations.list)")
        }
    }

    @Test("The example of each method fits its schemas", arguments: SchemasTests.methods)
    func methodExample(method: String) throws {
        let example = try #require(
            CustomerService.description.methods.map(\.json).first { $0["name"]?.string == method }?["example"])
        for (schema, part) in [
            (CustomerService.description[method]?.paramsSchema, "params"),
            (CustomerService.description[method]?.resultSchema, "result"),
        ] {
            let violations = try Schema(#require(schema)).validate(#require(example[part]))
            #expect(violations.isEmpty, "\(part): \(violations.list)")
        }
    }

    @Test(
        "Params that a host may send",
        arguments: [
            ("createCustomer", #"{"email": "用户@例子.广告"}"#),
            ("createCustomer", #"{"email": "a@b.example", "metadata": {}, "_meta": {"timeoutMs": 5}}"#),
            ("createCustomer", #"{"email": "a@b.example", "tax_id_data": [{"type": "xx_new", "value": "1"}]}"#),
            ("updateCustomer", #"{"customerId": "cus_1"}"#),
            ("updateCustomer", #"{"customerId": "cus_1", "email": null, "name": null, "metadata": null}"#),
            ("updateCustomer", #"{"customerId": "cus_1", "address": {"line2": null}, "tax_exempt": null}"#),
            ("updateCustomer", #"{"customerId": "cus_1", "metadata": {"plan": null}, "shipping": null}"#),
            ("registerUser", #"{"userId": "ä ö/ü\\✓", "email": "a@b.example"}"#),
            ("updateUser", #"{"userId": "u", "phone": null, "metadata": {"plan": "pro", "trial": null}}"#),
            ("listCustomers", #"{"limit": 1e2}"#),
            ("listAuditEvents", #"{"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00.5+02:00"}"#),
            ("ping", "{}"),
        ])
    func accepted(method: String, params: String) throws {
        #expect(try violations(method, params) == [])
    }

    @Test(
        "Params that are refused, and where",
        arguments: [
            ("createCustomer", "{}", " required"),
            ("createCustomer", #"{"email": "ada"}"#, "/email pattern"),
            ("createCustomer", #"{"email": "a da@b.example"}"#, "/email pattern"),
            ("createCustomer", #"{"email": "a@b.example", "name": null}"#, "/name type"),
            ("createCustomer", #"{"email": "a@b.example", "metadata": {"a[0]": "x"}}"#, "/metadata pattern"),
            ("createCustomer", #"{"email": "a@b.example", "metadata": {"a": 1}}"#, "/metadata/a type"),
            ("createCustomer", #"{"email": "a@b.example", "onDuplicateEmail": "ask"}"#, "/onDuplicateEmail enum"),
            ("createCustomer", #"{"email": "a@b.example", "invoice_prefix": "ab"}"#, "/invoice_prefix pattern"),
            (
                "updateCustomer", #"{"customerId": "cus_1", "test_clock": "clock_1"}"#,
                "/test_clock additionalProperties"
            ),
            ("getCustomer", #"{"customerId": "../charges"}"#, "/customerId pattern"),
            ("getCustomer", #"{"customerId": ""}"#, "/customerId minLength"),
            ("getUser", #"{"userId": "a\u0000b"}"#, "/userId pattern"),
            ("updateUser", #"{"userId": "u", "email": null}"#, "/email type"),
            ("deleteUser", #"{"userId": "u", "customer": "drop"}"#, "/customer enum"),
            ("listUsers", #"{"limit": 101}"#, "/limit maximum"),
            ("listUsers", #"{"limit": 1.5}"#, "/limit type"),
            ("listAuditEvents", #"{"from": "yesterday"}"#, "/from format"),
            ("ping", #"{"x": 1}"#, "/x additionalProperties"),
        ])
    func refused(method: String, params: String, expected: String) throws {
        #expect(try violations(method, params).contains(expected))
    }

    @Test(
        "A text of the wrong form is told in words what is right, and shown no regular expression",
        arguments: [
            (
                "registerUser", #"{"email": "ada @example.com"}"#,
                "must be an email address: one @ with text on both sides, without white space or control characters"
            ),
            (
                "getCustomer", #"{"customerId": "cus 1"}"#,
                "must be the id of a Stripe customer: ASCII letters, digits and underscores, usually beginning with `cus_`"
            ),
            (
                "getUser", #"{"userId": "a\u0000b"}"#,
                "must be the id of a user in the host's own system: any text of up to 255 characters without control characters"
            ),
            (
                "createCustomer", #"{"email": "a@b.example", "invoice_prefix": "ab"}"#,
                "must be the prefix of the customer's invoice numbers: 3 to 12 uppercase letters or digits"
            ),
            (
                "updateUser", #"{"userId": "u", "metadata": {"a[0]": "x"}}"#,
                #"the member name "a[0]" must be a name without square brackets"#
            ),
            (
                "verifyAuditLog", #"{"anchor": {"sequence": 1, "hash": "X"}}"#,
                "must be its hash: 64 hexadecimal digits in lower case"
            ),
            (
                "ping", #"{"_meta": {"traceparent": "00-0"}}"#,
                "must be a W3C trace context: version, trace id, parent id and flags, in lower-case hexadecimal digits joined by hyphens"
            ),
            (
                "ping", #"{"_meta": {"actor": {"id": "u", "role": "system"}}}"#,
                "must not be the role `system`, which the process itself acts as"
            ),
        ])
    func told(method: String, params: String, words: String) throws {
        let schema = try Schema(#require(CustomerService.description[method]?.paramsSchema))
        let errors = try schema.validate(JSONValue(parsing: params.utf8)).list.map(\.error)
        #expect(errors.contains(words), "\(errors)")
        #expect(!errors.contains { $0.contains("^") })
    }

    @Test(
        "Stripe's limits count code points: the last length that passes, and one more",
        arguments: [("name", 256), ("phone", 20), ("description", 5000), ("business_name", 150), ("email", 512)])
    func lengths(member: String, limit: Int) throws {
        let schema = try Schema(#require(CustomerService.description["updateCustomer"]?.paramsSchema))
        let ending = member == "email" ? "@é.example" : ""
        let longest = String(repeating: "é", count: limit - ending.count) + ending
        #expect(schema.validate(["customerId": "cus_1", member: .string(longest)]).isEmpty)
        let tooLong = schema.validate(["customerId": "cus_1", member: .string("é" + longest)])
        #expect(tooLong.list.map(\.keyword) == ["maxLength"])
    }

    @Test(
        "No address has control characters in it",
        arguments: [
            "createCustomer", "updateCustomer", "getCustomerByEmail", "listCustomers", "registerUser", "updateUser",
            "getUserByEmail",
        ])
    func addresses(method: String) throws {
        let schema = try Schema(#require(CustomerService.description[method]?.paramsSchema))
        func keywords(_ email: String) -> [String] {
            schema.validate(["email": .string(email)]).list.filter { $0.instanceLocation == "/email" }.map(\.keyword)
        }
        for code in Array(0...0x1F) + Array(0x7F...0x9F) as [UInt8] {
            let control = String(UnicodeScalar(code))
            #expect(keywords("a\(control)b@c.example") == ["pattern"], "\(code)")
            #expect(keywords("a@b\(control)c.example") == ["pattern"], "\(code)")
        }
        #expect(keywords("jürgen+~¡@müller.example") == [])
    }

    @Test(
        "The names of the service's own marks are refused wherever metadata is taken, in words",
        arguments: ["createCustomer", "updateCustomer", "registerUser", "updateUser"],
        ["userId", "stripe_customers_app", "stripe_customers_archived_at", "stripe_customers_"])
    func reserved(method: String, name: String) throws {
        let schema = try Schema(#require(CustomerService.description[method]?.paramsSchema))
        func found(_ name: String) -> [Violation] {
            schema.validate(["metadata": .object([name: "x"])]).list.filter { $0.instanceLocation != "" }
        }
        let violations = found(name)
        #expect(violations.map(\.keyword) == ["not"] && violations.map(\.instanceLocation) == ["/metadata"])
        #expect(violations.first?.error.contains(name) == true)
        for free in ["userid", "user", "userId2", "my_stripe_customers_app", "archived_at", "Stripe_customers_"] {
            #expect(found(free).isEmpty, "\(free)")
        }
    }

    @Test("Metadata has up to 48 keys of 40 characters, with values of 500")
    func metadataLimits() throws {
        let schema = try Schema(#require(CustomerService.description["registerUser"]?.paramsSchema))
        func keywords(_ metadata: JSONObject) -> [String] {
            schema.validate(["email": "a@b.example", "metadata": .object(metadata)]).list.map(\.keyword)
        }
        func entries(_ count: Int) -> JSONObject { JSONObject((0..<count).map { .init("key \($0)", "value") }) }
        func text(_ length: Int) -> String { String(repeating: "x", count: length) }
        #expect(keywords(entries(48)) == [])
        #expect(keywords(entries(49)) == ["maxProperties"])
        #expect(keywords([text(40): .string(text(500))]) == [])
        #expect(keywords([text(41): "x"]).contains("maxLength"))
        #expect(keywords(["": "x"]).contains("minLength"))
        #expect(keywords(["a": .string(text(501))]) == ["maxLength"])
    }

    @Test(
        "_meta is an actor, a key, a deadline, a token, a trace, and nothing else, in the params of every method too",
        arguments: [
            ("{}", true), (#"{"actor": {"id": "u", "role": "r"}}"#, true), (#"{"actor": {"id": "u"}}"#, false),
            (#"{"timeoutMs": 600000}"#, true), (#"{"timeoutMs": 0}"#, false), (#"{"timeoutMs": 600001}"#, false),
            (#"{"progressToken": 7}"#, true), (#"{"progressToken": true}"#, false), (#"{"other": 1}"#, false),
        ])
    func meta(text: String, fits: Bool) throws {
        let value = try JSONValue(parsing: text.utf8)
        #expect(try Schema(CallMeta.schema).validate(value).isEmpty == fits)
        for method in CustomerService.description.names {
            let found = try Schema(#require(CustomerService.description[method]?.paramsSchema)).validate([
                "_meta": value
            ]).list
            #expect(found.contains { $0.instanceLocation.hasPrefix("/_meta") } != fits, "\(method)")
        }
    }

    /// Each violation as the place in the params and the keyword.
    private func violations(_ method: String, _ params: String) throws -> [String] {
        let schema = try Schema(#require(CustomerService.description[method]?.paramsSchema))
        return try schema.validate(JSONValue(parsing: params.utf8)).list.map { "\($0.instanceLocation) \($0.keyword)" }
    }
}
