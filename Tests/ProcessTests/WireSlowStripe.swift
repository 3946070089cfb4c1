import Dispatch
import Environment
import Glibc
import HTTP
import JSON
import Sandbox
import Synchronization
import TestSupport

/// The sandbox behind a socket, as a Stripe that takes its time.
final class SlowStripe: Sendable {
    private let sandbox: SandboxExchange
    private let server: LoopbackServer
    private let traffic: Traffic

    /// - Parameter pause: milliseconds before a request is carried out, and before its answer is sent.
    init(pause: @escaping @Sendable (ReceivedRequest) -> (before: Int, after: Int)) throws {
        let sandbox = try SandboxExchange(path: ":memory:", clock: SystemClock(), identifiers: RandomIdentifiers())
        let traffic = Traffic()
        self.sandbox = sandbox
        self.traffic = traffic
        server = try LoopbackServer { request in
            traffic.begin()
            let pause = pause(request)
            usleep(UInt32(pause.before) * 1000)
            let response = carryOut(request, sandbox)
            usleep(UInt32(pause.after) * 1000)
            traffic.end()
            return .respond(status: response.status, headers: response.headers, body: response.body)
        }
    }

    /// Every request so far, in the order of arrival.
    var requests: [ReceivedRequest] { server.requests }
    /// The most requests that were under way at one time.
    var mostAtOnce: Int { traffic.most }

    /// A process that works with it.
    func process(_ directory: TemporaryDirectory, _ arguments: [String] = []) throws -> Subprocess {
        try Subprocess(
            ["--database", directory.file("test.sqlite"), "--api-base", server.url, "--rate-limit", "0"] + arguments,
            environment: ["STRIPE_API_KEY": "sk_test_slow"])
    }

    /// All living customers.
    func customers() async throws -> [JSONValue] {
        var customers: [JSONValue] = []
        while true {
            let after = customers.last?["id"]?.string.map { "&starting_after=\($0)" } ?? ""
            let page = try JSONValue(
                parsing: try await sandbox.send(
                    HTTPRequest(method: .get, url: "https://api.stripe.com/v1/customers?limit=100" + after)
                ).body)
            customers += page["data"]?.array ?? []
            if page["has_more"]?.bool != true { return customers }
        }
    }
}

/// How many requests are under way.
private final class Traffic: Sendable {
    private let counts = Mutex((now: 0, most: 0))

    var most: Int { counts.withLock { $0.most } }

    func begin() {
        counts.withLock { counts in
            counts.now += 1
            counts.most = max(counts.most, counts.now)
        }
    }

    func end() { counts.withLock { $0.now -= 1 } }
}

/// Blocks the connection's thread.
private func carryOut(_ received: ReceivedRequest, _ sandbox: SandboxExchange) -> HTTPResponse {
    let query = received.rawQuery.isEmpty ? "" : "?" + received.rawQuery
    let request = HTTPRequest(
        method: HTTPMethod(rawValue: received.method) ?? .get, url: "https://api.stripe.com" + received.path + query,
        headers: received.headers.map { ($0.key, $0.value) }, body: received.body)
    let done = DispatchSemaphore(value: 0)
    let answer = Answer()
    Task.detached {
        let response = try? await sandbox.send(request)
        answer.response.withLock { $0 = response }
        done.signal()
    }
    done.wait()
    return answer.response.withLock { $0 } ?? HTTPResponse(status: 500)
}

private final class Answer: Sendable {
    let response = Mutex<HTTPResponse?>(nil)
}
