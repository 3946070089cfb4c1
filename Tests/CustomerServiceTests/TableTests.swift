import CustomerService
import CustomerStore
import Environment
import Interface
import JSON
import Testing

@Suite("Profile fields")
struct ProfileFieldsTests {
    private static func object(_ text: String) throws -> JSONObject {
        try #require(try JSONValue(parsing: Array(text.utf8)).object)
    }

    @Test(
        "What an update sends",
        arguments: [
            (
                #"{"email":"a","name":"n","phone":null,"metadata":{}}"#,
                #"{"email":"a","name":"n","phone":null,"metadata":{}}"#, "{}"
            ),
            (#"{"email":"a","name":"n","phone":null}"#, #"{"email":"b","name":"n","phone":null}"#, #"{"email":"b"}"#),
            (
                #"{"email":"a","name":"n","phone":null}"#, #"{"email":"a","name":null,"phone":"1"}"#,
                #"{"name":null,"phone":"1"}"#
            ),
            (
                #"{"email":"a","name":null,"phone":null,"metadata":{"x":"1","y":"2"}}"#,
                #"{"email":"a","name":null,"phone":null,"metadata":{"y":"3","z":"4"}}"#,
                #"{"metadata":{"y":"3","z":"4","x":null}}"#
            ),
            // In doubt: a missing text, a null in metadata.
            (#"{"email":"a","phone":null}"#, #"{"email":"a","name":"n","phone":null}"#, #"{"name":"n"}"#),
            (#"{"email":"a","phone":null}"#, #"{"email":"a","name":null,"phone":null}"#, #"{"name":null}"#),
            (
                #"{"email":"a","name":null,"phone":null,"metadata":{"x":null,"y":null}}"#,
                #"{"email":"a","name":null,"phone":null,"metadata":{"x":"1"}}"#, #"{"metadata":{"x":"1","y":null}}"#
            ),
            // Two spellings of one letter are two texts.
            (
                #"{"email":"a","name":"e\u0301","phone":null}"#, #"{"email":"a","name":"\u00e9","phone":null}"#,
                #"{"name":"\u00e9"}"#
            ),
        ])
    func difference(synced: String, profile: String, sent: String) throws {
        let difference = ProfileFields.difference(from: try Self.object(synced), to: try Self.object(profile))
        #expect(JSONValue.object(difference) == .object(try Self.object(sent)))
    }

    @Test("What is in doubt is sent, whatever the user has by then")
    func doubting() throws {
        let synced = try Self.object(#"{"email":"a","name":"n","phone":"1","metadata":{"x":"1","y":"2"}}"#)
        let sent = try Self.object(#"{"name":"m","metadata":{"x":null,"z":"3"}}"#)
        let difference = ProfileFields.difference(from: ProfileFields.doubting(sent, in: synced), to: synced)
        let expected = try Self.object(#"{"name":"n","metadata":{"x":"1","z":null}}"#)
        #expect(JSONValue.object(difference) == .object(expected))
    }

    @Test("A found customer's value stays where the user has nothing to say, unless the user had said it")
    func adopted() throws {
        let user = User(id: "u1", email: "a@b.c", metadata: ["x": "1"])
        let customer = try Self.object(
            #"{"email":"old","name":"N","phone":"1","metadata":{"x":"0","plan":"p","crm":"7","userId":"u1"}}"#)
        let wanted = ProfileFields.profile(of: user, app: nil)
        let found = ProfileFields.difference(from: ProfileFields.adopted(customer, for: user, app: nil), to: wanted)
        #expect(JSONValue.object(found) == .object(try Self.object(#"{"email":"a@b.c","metadata":{"x":"1"}}"#)))
        let made = ProfileFields.adopted(
            customer, for: user, app: nil,
            sent: try Self.object(#"{"email":"old","phone":"1","metadata":{"plan":"p"}}"#))
        let expected = try Self.object(#"{"email":"a@b.c","phone":null,"metadata":{"x":"1","plan":null}}"#)
        #expect(JSONValue.object(ProfileFields.difference(from: made, to: wanted)) == .object(expected))
    }

    @Test("A create sends no nulls, and the marks in place of what a row says under their names")
    func createFields() throws {
        let user = User(
            id: "u1", email: "a@b.c",
            metadata: ["userId": "forged", "stripe_customers_x": "y", "stripe_customers_app": "z"])
        let fields = ProfileFields.createFields(for: user, app: nil)
        #expect(JSONValue.object(fields) == .object(try Self.object(#"{"email":"a@b.c","metadata":{"userId":"u1"}}"#)))
    }
}

@Suite("Backoff")
struct BackoffTests {
    @Test(
        "Doubles up to a minute, fully jittered, never at once",
        arguments: [
            (0, 0.0, 100), (1, 0.0, 100), (1, 0.5, 600), (2, 0.5, 1_100), (6, 0.5, 16_100), (7, 0.5, 30_100),
            (10, 0.5, 30_100), (1_000, 0.999, 60_040),
        ] as [(Int, Double, Milliseconds)])
    func delay(attempts: Int, fraction: Double, expected: Milliseconds) {
        #expect(Backoff.delay(afterAttempts: attempts, fraction: fraction) == expected)
    }
}

@Suite("Keyed locks")
struct KeyedLocksTests {
    @Test("One at a time for a name, in order; other names go on")
    func oneAtATime() async {
        let locks = KeyedLocks()
        let inside = Counter()
        let most = Counter()
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask {
                    await locks.withLock(.user("u\(index % 2)")) { _ in
                        if index % 2 == 0 {
                            let before = inside.next()
                            await Task.yield()
                            if inside.value != before { _ = most.next() }
                        }
                    }
                }
            }
        }
        #expect(most.value == 0)
        #expect(locks.held.isEmpty)
    }

    @Test("A body that fails gives the lock back, and the next one knows that it waited")
    func failing() async throws {
        let locks = KeyedLocks()
        let error = await errorOf { () async throws(ServiceError) in
            try await locks.withLock(.user("u")) { _ async throws(ServiceError) in
                throw ServiceError.init(.internalError, "no")
            }
        }
        #expect(error?.kind == .internalError)
        #expect(await locks.withLock(.user("u")) { $0 } == false)
        let entered = Counter()
        let coming = Counter()
        async let first: Void = locks.withLock(.user("u")) { _ in
            _ = entered.next()
            while coming.value == 0 { try? await Task.sleep(for: .milliseconds(1)) }
            // What is left is a step from the line below to the queue.
            try? await Task.sleep(for: .seconds(1))
        }
        while entered.value == 0 { await Task.yield() }
        _ = coming.next()
        #expect(await locks.withLock(.user("u")) { $0 })
        await first
    }
}
