import CustomerService
import Foundation
import JSON
import Schemas
import Testing

@Suite("Schemas") struct SchemasTests {
    static let methods = [
        "createCustomer", "updateCustomer", "getCustomer", "getCustomerByEmail", "deleteCustomer", "archiveCustomer",
        "restoreCustomer", "syncCustomerWithUser", "ensureCustomerExists", "listCustomers",
        "registerUser", "updateUser", "getUser", "getUserByEmail", "getUserByCustomerId", "listUsers", "deleteUser",
        "linkCustomer", "unlinkCustomer", "syncAllUsers", "getSyncStatus", "exportUserData", "eraseUser",
        "handleWebhook", "reconcile", "listAuditEvents", "verifyAuditLog", "ping", "health", "rpc.discover",
    ]
    static let schemaFiles = Schemas.files.map(\.name).filter { !["errors.json", "methods.json"].contains($0) }

    @Test("The files of the folder are compiled in, byte by byte, and nothing else")
    func embedding() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../schemas").standardized
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names == Schemas.files.map(\.name))
        for file in Schemas.files {
            let onDisk = try Data(contentsOf: folder.appending(path: file.name))
            #expect(file.bytes == Array(onDisk), "\(file.name)")
        }
    }

    @Test("The methods are those of the service, each with a params and a result schema")
    func methodNames() {
        #expect(Schemas.methods == Self.methods)
        let expected = Self.methods.flatMap { ["\($0).params.json", "\($0).result.json"] }
        #expect(Set(Self.schemaFiles) == Set(expected + ["meta.json", "policy.json"]))
        for method in Schemas.methods {
            #expect(Schemas.params(method) != nil)
            #expect(Schemas.result(method) != nil)
        }
    }

    @Test(
        "What is no method has no schema",
        arguments: ["", "meta", "policy", "../ping", "ping.params", "PING", "createcustomer"])
    func unknownMethod(name: String) {
        #expect(Schemas.params(name) == nil)
        #expect(Schemas.result(name) == nil)
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

    @Test("Params refuse unknown members, require only known ones and leave room for _meta", arguments: methods)
    func closedParams(method: String) throws {
        let params = try #require(Schemas.params(method))
        #expect(params["type"] == "object")
        #expect(params["additionalProperties"] == false)
        #expect(params["properties"]?["_meta"]?["type"] == "object")
        for required in params["required"]?.array ?? [] {
            #expect(params["properties"]?[required.string ?? ""] != nil)
        }
    }

    @Test("The method table describes each method and names known tags and errors", arguments: methods)
    func methodTable(method: String) throws {
        let entry = try #require(Schemas.methodTable.first { $0["name"]?.string == method })
        let types = Schemas.errors.compactMap { $0["type"]?.string }
        for member in ["group", "summary", "description"] { #expect(entry[member]?.string?.isEmpty == false) }
        let tags = entry["tags"]?.array?.compactMap(\.string) ?? []
        #expect(Set(tags).isSubset(of: ["readOnly", "destructive", "idempotent"]))
        #expect(!(tags.contains("readOnly") && tags.contains("destructive")))
        let errors = entry["errors"]?.array?.compactMap(\.string) ?? []
        #expect(Set(errors).isSubset(of: Set(types)))
        #expect(Set(errors).count == errors.count)
    }

    @Test("The errors are the kinds of the service and a cancelled request, each with a code of its own")
    func errors() {
        let types = Schemas.errors.compactMap { $0["type"]?.string }
        #expect(Set(types) == Set(ServiceError.Kind.allCases.map(\.rawValue) + ["request_cancelled"]))
        #expect(Set(Schemas.errors.compactMap { $0["code"]?.int64 }).count == Schemas.errors.count)
    }

    @Test("A policy can name every method")
    func policyMethods() {
        let role = Schemas.policy["properties"]?["roles"]?["additionalProperties"]
        let names = role?["properties"]?["methods"]?["items"]?["enum"]?.array?.compactMap(\.string)
        #expect(names == ["*"] + Schemas.methods)
    }

    private static let keywords: Set<String> = [
        "$schema", "$defs", "$ref", "title", "description", "default", "examples", "type", "enum", "const", "pattern",
        "format", "minLength", "maxLength", "minimum", "maximum", "maxItems", "maxProperties", "required",
        "properties", "additionalProperties", "propertyNames", "items", "anyOf",
    ]
}

/// The tree of an embedded file.
func document(_ name: String) throws -> JSONValue {
    let file = try #require(Schemas.files.first { $0.name == name })
    return try JSONValue(parsing: file.bytes)
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
    for subschema in object["anyOf"]?.array ?? [] { visitSchemas(in: subschema, body) }
}
