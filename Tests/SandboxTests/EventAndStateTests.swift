import Environment
import Foundation
import HTTP
import JSON
import Sandbox
import Synchronization
import TestSupport
import Testing

@Suite("Events and state of the sandbox")
struct EventAndStateTests {
    @Test("Each change is an event that names its request")
    func events() async throws {
        let sandbox = try StripeSandbox()
        let created = try await sandbox.send(
            .post, "/v1/customers", "name=Ada&metadata[a]=1", key: "k1", headers: [("Stripe-Version", "2030-01-01.x")])
        let path = "/v1/customers/\(created.id)"
        sandbox.clock.advance(seconds: 60)
        let updated = try await sandbox.send(.post, path, "name=Grace&metadata[a]=2&metadata[b]=3")
        try await sandbox.send(.post, path, "name=Grace")
        try await sandbox.send(.delete, path)

        let all = try await sandbox.send(.get, "/v1/events")
        let events = try #require(all.json["data"]?.array)
        #expect(events.map { $0["type"] } == ["customer.deleted", "customer.updated", "customer.created"])
        let (deletion, update, creation) = (events[0], events[1], events[2])
        #expect(creation["object"] == "event" && creation["data"]?["object"] == created.json)
        #expect(creation["api_version"] == "2030-01-01.x" && created.headers["stripe-version"] == "2030-01-01.x")
        #expect(
            creation["request"]
                == ["id": .string(try #require(created.headers["request-id"])), "idempotency_key": "k1"])
        #expect(update["data"]?["object"] == updated.json)
        #expect(update["data"]?["previous_attributes"] == ["name": "Ada", "metadata": ["a": "1", "b": .null]])
        #expect(update["request"]?["idempotency_key"] == .some(.null))
        #expect(deletion["data"]?["object"]?["name"] == "Grace" && deletion["data"]?["previous_attributes"] == nil)

        func list(_ query: String) async throws -> [String] { try await sandbox.send(.get, "/v1/events", query).ids }
        #expect(try await list("type=customer.updated") == [all.ids[1]])
        #expect(try await list("type=customer.*") == all.ids)
        #expect(try await list("types[]=customer.created&types[]=customer.deleted") == [all.ids[0], all.ids[2]])
        #expect(try await list("created[gte]=1767225660") == Array(all.ids[0...1]))
        #expect(try await list("limit=1&starting_after=\(all.ids[0])") == [all.ids[1]])
        #expect(try await list("ending_before=\(all.ids[1])") == [all.ids[0]])
        #expect(try await sandbox.send(.get, "/v1/events/\(all.ids[1])").json == update)
        #expect(try await sandbox.send(.get, "/v1/events/evt_x").status == 404)
    }

    @Test("Events are kept for 30 days")
    func eventAge() async throws {
        let sandbox = try StripeSandbox()
        try await sandbox.create()
        sandbox.clock.advance(seconds: 31 * 86_400)
        try await sandbox.create()
        #expect(try await sandbox.send(.get, "/v1/events").ids.count == 1)
    }

    @Test("Everything survives a restart, and counted ids don't collide with older ones")
    func restart() async throws {
        let path = NSTemporaryDirectory() + "/sandbox-" + UUID().uuidString + ".sqlite"
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        var ids: [String] = []
        for _ in 0..<3 {
            let sandbox = try StripeSandbox(path: path)
            let answer = try await sandbox.send(.post, "/v1/customers", "name=Ada")
            #expect(answer.status == 200)
            ids.insert(answer.id, at: 0)
            _ = try await sandbox.send(.post, "/v1/customers", key: "shared")
            let names = try await sandbox.send(.get, "/v1/customers").json["data"]?.array?.filter {
                $0["name"] == "Ada"
            }
            #expect(names?.compactMap { $0["id"]?.string } == ids)
        }
        #expect(Set(ids).count == 3)
        #expect(try await StripeSandbox(path: path).send(.get, "/v1/customers").ids.count == 4)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("A deletion leaves no page as it was; events keep what they told for 30 days, and then it is gone too")
    func deletion() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("sandbox.sqlite")
        let sandbox = try StripeSandbox(path: path)
        func bytes(_ suffix: String) -> String {
            let data = FileManager.default.contents(atPath: path + suffix) ?? Data()
            // Every byte is a character, so that nothing is missed between them.
            return String(decoding: data.map(UInt16.init), as: UTF16.self)
        }
        let id = try await sandbox.create("phone=canary")
        #expect(bytes("-wal").contains("canary"))
        try await sandbox.send(.delete, "/v1/customers/" + id)
        #expect(bytes("-wal").isEmpty && bytes("").contains("canary"))
        sandbox.clock.advance(seconds: 31 * 86_400)
        try await sandbox.send(.delete, "/v1/customers/" + sandbox.create())
        #expect(!bytes("").contains("canary") && !bytes("-wal").contains("canary"))
    }

    @Test("Several processes' worth of sandboxes can open a new file at once")
    func opening() throws {
        let path = NSTemporaryDirectory() + "/sandbox-" + UUID().uuidString + ".sqlite"
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            do { _ = try StripeSandbox(path: path) } catch { failures.withLock { $0.append("\(error)") } }
        }
        #expect(failures.withLock { $0 } == [])
    }

    @Test("The same requests give the same bytes")
    func determinism() async throws {
        func transcript() async throws -> [HTTPResponse] {
            let exchange = try SandboxExchange(
                path: ":memory:", clock: SteppedClock(), identifiers: CountedIdentifiers())
            var responses: [HTTPResponse] = []
            for (method, path) in [
                (HTTPMethod.post, "/v1/customers"), (.get, "/v1/customers"), (.get, "/v1/events"), (.get, "/v1/x"),
            ] {
                var request = HTTPRequest(method: method, url: "https://api.stripe.com" + path)
                request.headers = [("Authorization", "Bearer sk_test_sandbox"), ("Idempotency-Key", "k")]
                responses.append(try await exchange.send(request))
            }
            return responses
        }
        let (first, second) = (try await transcript(), try await transcript())
        #expect(first.map(\.body) == second.map(\.body))
        #expect(first.map(\.headers) == second.map(\.headers))
        #expect(first[1].body.starts(with: #"{"object":"list","data":[{"id":"cus_0000000000"#.utf8))
    }
}
