import CustomerService
import Interface
import JSON
import JSONSchema
import Testing

@Suite("Text in params")
struct TextTests {
    private static let methods = ["createCustomer", "updateCustomer", "registerUser", "updateUser"]

    @Test(
        "Each one that goes to Stripe or into the users table is of a form that leaves out U+0000", arguments: methods)
    func forms(method: String) throws {
        let schema = try #require(CustomerService.description[method]?.paramsSchema)
        let parts = ["properties", "$defs"].flatMap { schema[$0]?.object?.members ?? [] }
        for part in parts where !["_meta", "Meta"].contains(part.name) {
            for text in texts(in: part.value) {
                let hasForm = ["format", "pattern", "enum", "const"].contains { text[$0] != nil }
                #expect(hasForm, "\(part.name): \(text)")
            }
        }
    }

    @Test(
        "U+0000 is refused in words, by the member's name",
        arguments: [
            ("registerUser", #"{"email":"a@b.c","name":"A\u0000"}"#, "/name"),
            ("registerUser", #"{"email":"a@b.c","metadata":{"k":"\u0000"}}"#, "/metadata/k"),
            ("updateUser", #"{"userId":"u1","phone":"1\u00002"}"#, "/phone"),
            ("updateUser", #"{"userId":"u1","metadata":{"k":"\u0000"}}"#, "/metadata/k"),
            ("createCustomer", #"{"email":"a@b.c","address":{"line1":"\u0000"}}"#, "/address/line1"),
            (
                "createCustomer", #"{"email":"a@b.c","tax_id_data":[{"type":"eu_vat","value":"\u0000"}]}"#,
                "/tax_id_data/0/value"
            ),
            ("updateCustomer", #"{"customerId":"cus_1","preferred_locales":["\u0000"]}"#, "/preferred_locales/0"),
            (
                "updateCustomer", #"{"customerId":"cus_1","invoice_settings":{"footer":"\u0000"}}"#,
                "/invoice_settings/footer"
            ),
        ])
    func nul(method: String, params: String, location: String) throws {
        let schema = try Schema(#require(CustomerService.description[method]?.paramsSchema))
        let violations = schema.validate(try JSONValue(parsing: Array(params.utf8)))
        let report = violations.list.map { "\($0.instanceLocation) \($0.error)" }
        #expect(report.count == 1, "\(report)")
        #expect(report.first?.hasPrefix(location) == true, "\(report)")
        #expect(report.first?.hasSuffix("is not text without the character U+0000") == true, "\(report)")
    }

    @Test("U+0000 in a metadata key is refused")
    func key() throws {
        let params: JSONValue = ["email": "a@b.c", "metadata": ["a\u{0}": "b"]]
        #expect(
            try !Schema(#require(CustomerService.description["registerUser"]?.paramsSchema)).validate(params).isEmpty)
    }

    private func texts(in value: JSONValue) -> [JSONValue] {
        switch value {
        case .object(let object):
            let type = value["type"]
            let isText = type == "string" || type?.array?.contains("string") == true
            return (isText ? [value] : []) + object.members.flatMap { texts(in: $0.value) }
        case .array(let elements): return elements.flatMap(texts)
        default: return []
        }
    }
}
