import CustomerStore
import JSON
import Testing

@Suite("Row verbs of users")
struct UserRowsTests {
    @Test("user: by its id to the letter", arguments: Engine.allCases)
    func user(engine: Engine) throws {
        let rows = try engine.open()
        try rows.add("7")
        #expect(try rows.user("7")?.email == "7@example.com")
        #expect(try rows.user("07") == nil)
    }

    @Test("user, holder: by the customer", arguments: Engine.allCases)
    func customer(engine: Engine) throws {
        let rows = try engine.open()
        try rows.add("a", customerId: "cus_1")
        #expect(try rows.user(customerId: "cus_1")?.id == "a")
        #expect(try rows.holder(of: "cus_1") == "a")
        #expect(try rows.holder(of: "cus_2") == nil)
    }

    @Test("users: by the address, the exact spelling first, then by id", arguments: Engine.allCases)
    func address(engine: Engine) throws {
        let rows = try engine.open()
        try rows.add("c", email: "X@example.com")
        try rows.add("b", email: "x@example.com")
        try rows.add("a", email: "x@EXAMPLE.com")
        #expect(try rows.users(email: "x@example.com").map(\.id) == ["b", "a", "c"])
    }

    @Test("users, userCount: a page in the order of the ids", arguments: Engine.allCases)
    func page(engine: Engine) throws {
        let rows = try engine.open()
        for id in ["c", "a", "d", "b"] { try rows.add(id, customerId: id == "b" ? "cus_1" : nil) }
        #expect(try rows.users(after: nil, limit: 2, linked: nil).map(\.id) == ["a", "b"])
        #expect(try rows.users(after: "a", limit: 5, linked: false).map(\.id) == ["c", "d"])
        #expect(try rows.users(after: nil, limit: 5, linked: true).map(\.id) == ["b"])
        #expect(try rows.userCount() == 4)
    }

    @Test("rivals: who has the id, and who has the address", arguments: Engine.allCases)
    func rivals(engine: Engine) throws {
        let rows = try engine.open()
        try rows.add("a")
        try rows.add("b")
        try rows.add("c")
        let rivals = try rows.rivals(id: "a", email: "B@example.com")
        #expect(Set(rivals.map(\.id)) == ["a", "b"])
        #expect(rivals.filter(\.hasID).map(\.id) == ["a"])
        #expect(try rows.rivals(id: nil, email: nil).isEmpty)
    }

    @Test("insertUser: gives the row as it is, and the trigger queues it", arguments: Engine.allCases)
    func insert(engine: Engine) throws {
        let rows = try engine.open()
        let user = User(id: "a", email: "a@example.com", name: "Ada", phone: "1", metadata: ["plan": "pro"])
        let added = try rows.insertUser(user, choosingID: false)
        #expect(added?.name == "Ada" && added?.metadata == ["plan": "pro"] && added?.unfitColumns == [])
        #expect(try rows.isQueued("a"))
        let error = #expect(throws: StoreError.self) { try rows.add("a") }
        guard case .usersTableRefuses(_, .insert) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("updateUser: writes the columns named and no other", arguments: Engine.allCases)
    func update(engine: Engine) throws {
        let rows = try engine.open()
        _ = try rows.insertUser(User(id: "a", email: "a@example.com", name: "Ada", phone: "1"), choosingID: false)
        try rows.updateUser("a", [(.name, nil), (.metadata, #"{"plan":"pro"}"#)])
        let user = try #require(try rows.user("a"))
        #expect(user.name == nil && user.phone == "1" && user.metadata == ["plan": "pro"])
        try rows.updateUser("a", [])
    }

    @Test("deleteUser: what is the user's goes, its customer is noted", arguments: Engine.allCases)
    func delete(engine: Engine) throws {
        let rows = try engine.open()
        try rows.add("a", customerId: "cus_1")
        try rows.deleteUser("a")
        #expect(try rows.user("a") == nil)
        #expect(try rows.disposal(of: "cus_1")?.action == .archive)
    }

    @Test("link: only where there is none; unlink: from whoever has it", arguments: Engine.allCases)
    func link(engine: Engine) throws {
        let rows = try engine.open()
        try rows.add("a", customerId: "cus_1")
        try rows.link("cus_2", to: "a")
        #expect(try rows.user("a")?.customerId == "cus_1")
        try rows.unlink("cus_1")
        #expect(try rows.user("a")?.customerId == nil)
    }

    @Test("restoreUsersTable: whole once it was looked at", arguments: Engine.allCases)
    func whole(engine: Engine) throws {
        let rows = try engine.open()
        #expect(try !rows.isUsersTableWhole())
        try rows.restoreUsersTable(at: someTime)
        #expect(try rows.isUsersTableWhole())
    }
}
