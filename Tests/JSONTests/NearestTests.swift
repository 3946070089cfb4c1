import JSON
import Testing

@Suite("Nearest name") struct NearestTests {
    static let methods = ["createCustomer", "updateCustomer", "getCustomer", "getUser", "listUsers", "ping", "health"]

    @Test(
        "A slip finds the name that was meant",
        arguments: [
            ("createCustomr", "createCustomer"), ("craeteCustomer", "createCustomer"),
            ("create_customer", "createCustomer"),
            ("getcustomer", "getCustomer"), ("getUsers", "getUser"), ("listUser", "listUsers"), ("pnig", "ping"),
            ("pin", "ping"),
            ("ping", "ping"), ("helth", "health"),
        ])
    func finds(name: String, expected: String) {
        #expect(nearest(name, in: Self.methods) == expected)
    }

    @Test(
        "Nothing near finds nothing",
        arguments: ["", "x", "foobar", "customers", "po", String(repeating: "ping", count: 30)])
    func findsNothing(name: String) {
        #expect(nearest(name, in: Self.methods) == nil)
    }

    @Test("Without candidates there is nothing to find")
    func noCandidates() {
        #expect(nearest("ping", in: []) == nil)
        #expect(nearest("p", in: [""]) == "")
    }
}
