import Environment
import Foundation
import HTTP
import JSON
import Sandbox
import Testing

@Suite("Idempotency in the sandbox")
struct IdempotencyTests {
    @Test("The same key and parameters answer the first body, and change nothing")
    func replay() async throws {
        let sandbox = try StripeSandbox()
        let first = try await sandbox.send(.post, "/v1/customers", "name=Ada&email=a@b.co", key: "k1")
        #expect(first.headers["idempotent-replayed"] == nil && first.headers["idempotency-key"] == "k1")
        #expect(first.headers["original-request"] == first.headers["request-id"])
        // Another order and another encoding are the same parameters.
        let second = try await sandbox.send(.post, "/v1/customers", "email=a%40b.co&name=Ada", key: "k1")
        #expect(second.status == 200 && second.json == first.json)
        #expect(second.headers["idempotent-replayed"] == "true")
        #expect(second.headers["original-request"] == first.headers["request-id"])
        #expect(second.headers["request-id"] != first.headers["request-id"])
        #expect(try await sandbox.send(.get, "/v1/customers").ids == [first.id])
        #expect(try await sandbox.send(.get, "/v1/events").ids.count == 1)
    }

    @Test("A replayed create describes the customer even after it was deleted")
    func replayAfterDelete() async throws {
        let sandbox = try StripeSandbox()
        let first = try await sandbox.send(.post, "/v1/customers", key: "k1")
        try await sandbox.send(.delete, "/v1/customers/\(first.id)")
        #expect(try await sandbox.send(.post, "/v1/customers", key: "k1").json == first.json)
    }

    @Test("Other parameters or another path under the same key are an idempotency error")
    func mismatch() async throws {
        let sandbox = try StripeSandbox()
        let id = try await sandbox.send(.post, "/v1/customers", "name=Ada", key: "k1").id
        for (path, form) in [
            ("/v1/customers", "name=Bob"), ("/v1/customers/\(id)", "name=Ada"), ("/v1/customers", "x=1"),
        ] {
            let answer = try await sandbox.send(.post, path, form, key: "k1")
            #expect(answer.status == 400 && answer.errorCode == "idempotency_error")
            #expect(answer.message?.contains("Try using a key other than 'k1'") == true)
        }
        // Accounts have their keys for themselves.
        #expect(try await sandbox.send(.post, "/v1/customers", "name=Bob", key: "k1", account: "acct_1").status == 200)
    }

    @Test("A failed validation is not saved, a failed execution is")
    func failures() async throws {
        let sandbox = try StripeSandbox()
        #expect(try await sandbox.send(.post, "/v1/customers", "email=bad", key: "k1").status == 400)
        #expect(try await sandbox.send(.post, "/v1/customers", "email=good@b.co", key: "k1").status == 200)

        let missing = try await sandbox.send(.post, "/v1/customers/cus_x", "name=Ada", key: "k2")
        let again = try await sandbox.send(.post, "/v1/customers/cus_x", "name=Ada", key: "k2")
        #expect(again.status == 404 && again.json == missing.json && again.headers["idempotent-replayed"] == "true")
    }

    @Test("A key is forgotten after 24 hours")
    func expiry() async throws {
        let sandbox = try StripeSandbox()
        let first = try await sandbox.send(.post, "/v1/customers", key: "k1")
        sandbox.clock.advance(seconds: 86_399)
        #expect(try await sandbox.send(.post, "/v1/customers", key: "k1").id == first.id)
        sandbox.clock.advance(seconds: 1)
        #expect(try await sandbox.send(.post, "/v1/customers", "name=New", key: "k1").id != first.id)
    }

    @Test("A key is at most 255 characters, and means nothing on GET and DELETE")
    func keys() async throws {
        let sandbox = try StripeSandbox()
        #expect(try await sandbox.send(.post, "/v1/customers", key: repeated("k", 256)).status == 400)
        let id = try await sandbox.send(.post, "/v1/customers", key: repeated("k", 255)).id
        #expect(try await sandbox.send(.get, "/v1/customers/\(id)", key: "k").id == id)
        #expect(try await sandbox.send(.delete, "/v1/customers/\(id)", key: "k").status == 200)
        #expect(try await sandbox.send(.delete, "/v1/customers/\(id)", key: "k").status == 404)
    }

    @Test("Many requests with one key at once, in two processes' worth of connections, make one customer")
    func concurrent() async throws {
        let path = NSTemporaryDirectory() + "/sandbox-" + UUID().uuidString + ".sqlite"
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        let sandboxes = [try StripeSandbox(path: path), try StripeSandbox(path: path)]
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<40 {
                group.addTask {
                    try await sandboxes[number % 2].send(.post, "/v1/customers", "name=Ada", key: "one").id
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        #expect(try await sandboxes[0].send(.get, "/v1/customers").ids == Array(ids))
    }
}
