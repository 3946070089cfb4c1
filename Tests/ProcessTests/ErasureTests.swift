import Glibc
import JSON
import SQLite
import TestSupport
import Testing

@Suite("Erasure and export")
struct ErasureTests {
    private let directory: TemporaryDirectory
    private let database: String

    init() throws {
        directory = try TemporaryDirectory()
        database = directory.file("test.sqlite")
    }

    @Test("An export holds the user, the customer, every stored row and the events")
    func export() async throws {
        let host = try Host(["--sandbox", "--database", database])
        let user = try await host.call("registerUser", ["userId": "ada", "email": "ada@example.com", "name": "Ada"])
        let export = try await host.call("exportUserData", ["userId": "ada"])
        #expect(export["user"]?["email"] == "ada@example.com")
        #expect(export["customer"]?["id"] == user["customerId"])
        #expect(export["subscriptions"] == [] && export["invoices"] == [])
        #expect(export["stored"]?["synced_profiles"]?.array?.first?["profile"]?["name"] == "Ada")
        #expect(export["stored"]?["create_intents"]?.array?.count == 1)
        #expect(export["auditEvents"]?.array?.last?["method"] == "exportUserData")
        #expect(try await host.failure("exportUserData", ["userId": "nobody"]) == "user_not_found")
    }

    @Test("An export holds the customers of earlier lives too")
    func formerCustomers() async throws {
        let host = try Host(["--sandbox", "--database", database])
        let first = try await host.call("registerUser", ["userId": "ada", "email": "ada@example.com"])
        _ = try await host.call("deleteUser", ["userId": "ada"])
        let second = try await host.call("registerUser", ["userId": "ada", "email": "ada@example.com"])
        let export = try await host.call("exportUserData", ["userId": "ada"])
        #expect(export["customer"]?["id"] == second["customerId"])
        #expect(export["formerCustomers"]?.array?.map { $0["id"] } == [first["customerId"]])
        #expect(export["unreadable"] == [])
    }

    @Test("An erasure says what went where and what Stripe keeps; the id may be used again by a new user")
    func report() async throws {
        let host = try Host(["--sandbox", "--database", database])
        let user = try await host.call("registerUser", ["userId": "ada", "email": "ada@example.com"])
        let report = try await host.call("eraseUser", ["userId": "ada"])
        #expect(report["state"] == "done" && report["customerId"] == user["customerId"])
        let places = report["erased"]?.array?.compactMap { $0["where"]?.string } ?? []
        #expect(places == ["users", "stripe", "create_intents", "write-ahead log"])
        let kept = report["kept"]?.array?.first { $0["where"] == "stripe" }
        #expect(kept?["why"]?.string?.contains("redaction job") == true)
        #expect(
            try await host.failure("getCustomer", ["customerId": user["customerId"] ?? .null]) == "customer_deleted")
        #expect(try await host.failure("eraseUser", ["userId": "ada"]) == "user_not_found")
        let again = try await host.call("registerUser", ["userId": "ada", "email": "ada@example.com"])
        #expect(again["customerId"] != nil && again["customerId"] != user["customerId"])
        #expect(try await host.call("verifyAuditLog")["valid"] == true)
    }

    @Test("A customer that was taken away from the user is not erased with it")
    func unlinked() async throws {
        let host = try Host(["--sandbox", "--database", database])
        let ada = try await host.call("registerUser", ["userId": "ada", "email": "ada@example.com"])
        let customerId = ada["customerId"] ?? .null
        _ = try await host.call("unlinkCustomer", ["userId": "ada", "customerId": customerId])
        #expect(try await host.call("eraseUser", ["userId": "ada"])["state"] == "done")
        #expect(try await host.call("getCustomer", ["customerId": customerId])["id"] == customerId)
    }

    @Test("An erasure that was killed while Stripe did not answer is completed by the next process")
    func killed() async throws {
        let stripe = try EchoingStripe()
        let arguments = ["--database", database, "--api-base", stripe.url]
        let environment = ["STRIPE_API_KEY": "sk_test_erasure"]
        let first = try Host(arguments, environment: environment)
        _ = try await first.call("registerUser", ["userId": "ada", "email": "ada-canary@example.com", "name": "Ada"])
        stripe.set(.stallsDeletions)
        try await first.process.write(
            #"{"jsonrpc":"2.0","id":1,"method":"eraseUser","params":{"userId":"ada"}}"#)
        try await until("the deletion") { stripe.requests.contains { $0.method == "DELETE" } }
        first.process.kill(SIGKILL)
        _ = try await first.process.wait()
        #expect(String(decoding: contents(of: database), as: UTF8.self).isEmpty == false)

        stripe.set(.works)
        let next = try Host(arguments, environment: environment)
        #expect(try await next.call("getUser", ["userId": "ada"]).isNull)
        try await next.end()
        let last = try Host(arguments, environment: environment)
        let events = try await last.call("listAuditEvents", ["userId": "ada", "limit": 100])["data"]?.array ?? []
        let changes = events.compactMap { $0["details"]?["change"]?.string }
        #expect(changes.suffix(3) == ["user.erasure_begun", "customer.deleted", "user.erased"])
        #expect(events.last?["actor"]?["id"] == "system" && events.last?["method"] == "erase")
        #expect(try await last.call("verifyAuditLog")["valid"] == true)
        #expect(try await last.failure("exportUserData", ["userId": "ada"]) == "user_not_found")
        try await last.end()
        for suffix in ["", "-wal"] {
            let text = String(decoding: contents(of: database + suffix).map(UInt16.init), as: UTF16.self)
            #expect(!text.contains("ada-canary"))
        }
    }
}
