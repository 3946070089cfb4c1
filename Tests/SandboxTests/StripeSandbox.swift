import Environment
import Foundation
import HTTP
import JSON
import Sandbox
import Synchronization

/// A sandbox in memory with a clock that the test moves.
struct StripeSandbox {
    let clock: SteppedClock
    let exchange: SandboxExchange

    init(path: String = ":memory:", clock: SteppedClock = SteppedClock()) throws {
        self.clock = clock
        exchange = try SandboxExchange(path: path, clock: clock, identifiers: CountedIdentifiers())
    }

    struct Answer {
        let status: Int
        let headers: [String: String]
        let json: JSONValue
        /// `code` of the error, or its `type` when it has none.
        var errorCode: String? { (json["error"]?["code"] ?? json["error"]?["type"])?.string }
        var param: String? { json["error"]?["param"]?.string }
        var message: String? { json["error"]?["message"]?.string }
        var id: String { json["id"]?.string ?? "" }
        var ids: [String] { json["data"]?.array?.compactMap { $0["id"]?.string } ?? [] }
        var hasMore: Bool? { json["has_more"]?.bool }
    }

    /// - Parameter form: Already encoded; the query of a GET, the body of a POST.
    @discardableResult
    func send(
        _ method: HTTPMethod, _ path: String, _ form: String = "", key: String? = nil, account: String? = nil,
        headers: [(name: String, value: String)] = []
    ) async throws -> Answer {
        var request = HTTPRequest(method: method, url: "https://api.stripe.com" + path)
        request.headers = [("Authorization", "Bearer sk_test_sandbox")] + headers
        if let key { request.headers.append(("Idempotency-Key", key)) }
        if let account { request.headers.append(("Stripe-Account", account)) }
        if method == .post {
            request.headers.append(("Content-Type", "application/x-www-form-urlencoded"))
            request.body = Array(form.utf8)
        } else if !form.isEmpty {
            request.url += "?" + form
        }
        return try await send(request)
    }

    func send(_ request: HTTPRequest) async throws -> Answer {
        let response = try await exchange.send(request)
        return Answer(
            status: response.status, headers: response.headers, json: try JSONValue(parsing: response.body))
    }

    @discardableResult
    func create(_ form: String = "", account: String? = nil) async throws -> String {
        try await send(.post, "/v1/customers", form, account: account).id
    }
}

final class SteppedClock: WallClock {
    private let time = Atomic<Milliseconds>(1_767_225_600_000)

    func now() -> Milliseconds { time.load(ordering: .relaxed) }
    func sleep(_ duration: Milliseconds) async { advance(seconds: duration / 1000) }
    func advance(seconds: Int64) { time.add(seconds * 1000, ordering: .relaxed) }
}

func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
}

func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
