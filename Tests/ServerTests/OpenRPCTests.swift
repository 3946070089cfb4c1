import CustomerService
import Interface
import JSON
import Testing

@Suite("OpenRPC document") struct OpenRPCTests {
    static let whole = openRPCDocument(of: CustomerService.description, version: "1.2.3")
    private var document: JSONValue { Self.whole }

    @Test("It names its specification, the process and its version, and the limits of the wire")
    func head() {
        #expect(document["openrpc"] == "1.4.1")
        #expect(document["info"]?["title"] == "stripe-customers")
        #expect(document["info"]?["version"] == "1.2.3")
        #expect(document["x-transport"]?["maxLineBytes"] == 8_388_608)
        #expect(document["x-transport"]?["maxDepth"] == 128)
        #expect(document["x-transport"]?["maxBatchSize"] == 10_000)
    }

    @Test("It describes every method once, in order, with named params")
    func methods() throws {
        let methods = try #require(document["methods"]?.array)
        #expect(methods.compactMap { $0["name"]?.string } == CustomerService.description.names)
        for method in methods {
            #expect(method["paramStructure"] == "by-name")
            #expect(method["result"]?["name"]?.string?.isEmpty == false)
            #expect(method["result"]?["schema"]?.object != nil)
        }
    }

    @Test("Its params are those of the schema, the required ones first", arguments: CustomerService.description.names)
    func params(method: String) throws {
        let params = try #require(described(method)["params"]?.array)
        let schema = try #require(CustomerService.description[method]?.paramsSchema)
        let names = params.compactMap { $0["name"]?.string }
        #expect(Set(names) == Set(schema["properties"]?.object?.members.map(\.name) ?? []))
        let required = params.map { $0["required"]?.bool == true }
        #expect(required == required.filter { $0 } + required.filter { !$0 })
        let requiredNames = zip(names, required).filter(\.1).map(\.0)
        #expect(Set(requiredNames) == Set(schema["required"]?.array?.compactMap(\.string) ?? []))
        for param in params { #expect(param["description"]?.string?.isEmpty == false) }
    }

    @Test("Every reference in it leads to a component, and every component is used")
    func references() {
        var seen: Set<String> = []
        visitReferences(in: document) { seen.insert($0) }
        for reference in seen { #expect(resolve(reference) != nil, "\(reference)") }
        let schemas = document["components"]?["schemas"]?.object?.members.map { "#/components/schemas/\($0.name)" }
        let errors = document["components"]?["errors"]?.object?.members.map { "#/components/errors/\($0.name)" }
        #expect(seen == Set((schemas ?? []) + (errors ?? [])))
    }

    @Test(
        "The errors of a method have different codes, its example names the params",
        arguments: CustomerService.description.names)
    func errorsAndExamples(method: String) throws {
        let entry = described(method)
        let references = try #require(entry["errors"]?.array?.compactMap { $0["$ref"]?.string })
        let codes = references.compactMap { resolve($0)?["code"]?.int64 }
        #expect(codes.count == references.count && Set(codes).count == codes.count)
        #expect(codes.contains(-32602))
        let names = entry["params"]?.array?.compactMap { $0["name"]?.string } ?? []
        let example = try #require(entry["examples"]?.array?.first)
        let given = example["params"]?.array?.compactMap { $0["name"]?.string } ?? []
        #expect(Set(given).isSubset(of: Set(names)))
        #expect(example["result"]?["value"] != nil)
    }

    private func described(_ method: String) -> JSONValue {
        document["methods"]?.array?.first { $0["name"]?.string == method } ?? [:]
    }

    /// What a reference `#/a/b` within the document leads to; none of the names needs escaping.
    private func resolve(_ reference: String) -> JSONValue? {
        guard reference.hasPrefix("#/") else { return nil }
        return reference.dropFirst(2).split(separator: "/").reduce(document) { $0?[String($1)] }
    }

    private func visitReferences(in value: JSONValue, _ body: (String) -> Void) {
        for item in value.array ?? [] { visitReferences(in: item, body) }
        for member in value.object?.members ?? [] {
            if member.name == "$ref", let reference = member.value.string { body(reference) }
            visitReferences(in: member.value, body)
        }
    }
}
