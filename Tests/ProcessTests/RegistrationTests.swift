import Foundation
import JSON
import SQLite
import TestSupport
import Testing

/// The main job at a size at which order, batching and the drain at the end show: a thousand users piped in.
@Suite("A thousand registrations")
struct RegistrationTests {
    private static let count = 1000

    private let directory: TemporaryDirectory
    private let database: String

    init() throws {
        directory = try TemporaryDirectory()
        database = directory.file("users.sqlite")
    }

    @Test(
        "At localstripe each user has one right customer, and the same script again makes no other",
        .enabled("run .ci/setup first", { LocalStripe.isInstalled || isOnCI }))
    func localStripe() async throws {
        let stripe = try await LocalStripe()
        let arguments = ["--database", database, "--api-base", stripe.url, "--rate-limit", "0"]

        let first = try await run(arguments)
        // A registration that Stripe kept waiting on a busy machine is answered as pending; the end of the input waits for it.
        #expect(first.filter { $0["result"]?["sync"]?["state"] != nil }.count == Self.count)
        let customers = try await stripe.customers()
        try expectLinked(customers)

        let second = try await run(arguments)
        #expect(second.filter { $0["error"]?["data"]?["type"] == "user_already_exists" }.count == Self.count)
        #expect(try await stripe.customers() == customers)
    }

    @Test("In the sandbox the same input gives the same bytes, twice")
    func deterministic() async throws {
        var outputs: [[String]] = []
        for name in ["first", "second"] {
            let arguments = ["--sandbox", "--deterministic", "--database", directory.file(name)]
            let output = try await Subprocess.run(arguments, input: script(), timeout: .seconds(600))
            #expect(output.status == .exited(0))
            outputs.append(output.lines)
        }
        #expect(outputs[0].count == Self.count)
        #expect(outputs[0] == outputs[1])
    }

    @Test("A deterministic session goes on where the one before ended")
    func secondSession() async throws {
        let arguments = ["--sandbox", "--deterministic", "--database", database]
        var customers: Set<String> = []
        for user in 1...3 {
            let output = try await Subprocess.run(arguments, input: registration(user))
            let answer = try JSONValue(parsing: Array(try #require(output.lines.first).utf8))
            #expect(answer["result"]?["sync"]?["state"] == "synced")
            customers.insert(answer["result"]?["customerId"]?.string ?? "")
        }
        #expect(customers.count == 3)
    }

    // MARK: - Pieces

    private func registration(_ user: Int) -> String {
        #"{"jsonrpc":"2.0","id":\#(user),"method":"registerUser","params":{"userId":"user_\#(user)","#
            + #""email":"user\#(user)@example.com","name":"User \#(user)","metadata":{"number":"\#(user)"}}}"#
    }

    private func script() -> String { (1...Self.count).map(registration).joined(separator: "\n") }

    /// The answers in the order of their ids.
    private func run(_ arguments: [String]) async throws -> [JSONValue] {
        let output = try await Subprocess.run(
            arguments, input: script(), environment: ["STRIPE_API_KEY": "sk_test_localstripe"], timeout: .seconds(600))
        #expect(output.status == .exited(0))
        let answers = try output.lines.map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(Set(answers.compactMap { $0["id"]?.int64 }) == Set(1...Int64(Self.count)))
        #expect(answers.count == Self.count)
        return answers.sorted { ($0["id"]?.int64 ?? 0) < ($1["id"]?.int64 ?? 0) }
    }

    /// One customer for each user, with the user's own data, and linked in the database.
    private func expectLinked(_ customers: [JSONValue]) throws {
        #expect(customers.count == Self.count)
        var byUser: [String: JSONValue] = [:]
        for customer in customers { byUser[customer["metadata"]?["userId"]?.string ?? ""] = customer }
        var connection = try Connection(path: database, readOnly: true)
        let users = try connection.query("SELECT id, email, name, stripe_customer_id FROM users")
        #expect(users.count == Self.count && byUser.count == Self.count)
        for user in users {
            let customer = try #require(byUser[user.text(0) ?? ""])
            #expect(customer["id"]?.string == user.text(3))
            #expect(customer["email"]?.string == user.text(1))
            #expect(customer["name"]?.string == user.text(2))
        }
        #expect(try connection.query("SELECT 1 FROM sync_queue").isEmpty)
    }
}

private let isOnCI = ProcessInfo.processInfo.environment["CI"] != nil
