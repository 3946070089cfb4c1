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

    @Test(
        "A method is also found by what its verb means, and by its verb alone",
        arguments: [
            ("createUser", "registerUser"), ("create_user", "registerUser"), ("addCustomer", "createCustomer"),
            ("registerCustomer", "createCustomer"), ("findUser", "getUser"), ("removeUser", "deleteUser"),
            ("editCustomer", "updateCustomer"), ("restoreUser", "restoreCustomer"), ("archiveUser", "archiveCustomer"),
            ("getUsr", "getUser"), ("pnig", "ping"), ("PING", nil), ("rpc.unknown", nil), ("create", nil), ("_", nil),
            ("getWeather", "getCustomer"),
        ] as [(String, String?)])
    func findsMethod(name: String, expected: String?) {
        let methods =
            Self.methods + [
                "registerUser", "updateUser", "deleteUser", "archiveCustomer", "restoreCustomer", "rpc.discover",
            ]
        #expect(nearestMethod(name, in: methods) == expected)
    }

    @Test("Without candidates there is nothing to find")
    func noCandidates() {
        #expect(nearest("ping", in: []) == nil)
        #expect(nearest("p", in: [""]) == "")
    }
}
