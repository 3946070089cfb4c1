import JSON
import Synchronization
import TestSupport

/// A Stripe that answers in one of several ways, and in its failures repeats everything that it was sent, the key
/// included, wherever a message can stand.
final class EchoingStripe: Sendable {
    enum Mode: Sendable, CaseIterable {
        case works, rejects, refusesKey, refusesPermission, fails, talksHTML, limits, stalls
        /// All is well but deletions, which never get an answer.
        case stallsDeletions
    }

    private final class State: Sendable { let mode = Mutex(Mode.works) }

    private let state = State()
    private let server: LoopbackServer

    init() throws {
        let state = state
        server = try LoopbackServer { request in Self.reply(to: request, state.mode.withLock { $0 }) }
    }

    var url: String { server.url }
    var requests: [ReceivedRequest] { server.requests }
    func set(_ mode: Mode) { state.mode.withLock { $0 = mode } }

    private static func reply(to request: ReceivedRequest, _ mode: Mode) -> Reply {
        let echo =
            request.headers.map { "\($0.key): \($0.value)" }.joined(separator: " ") + " "
            + (Array(request.form) + Array(request.query)).map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        let headers = ["Content-Type": "application/json", "Request-Id": "req_echo\(request.number)"]
        func failure(_ status: Int, _ type: String) -> Reply {
            let error: JSONValue = [
                "error": [
                    "type": .string(type), "code": "email_invalid", "param": .string(echo), "message": .string(echo),
                    "doc_url": .string(echo),
                ]
            ]
            var headers = headers
            headers["Stripe-Should-Retry"] = "false"
            return .text(error.description, status: status, headers: headers)
        }
        switch mode {
        case .works: return .text(answer(to: request).description, headers: headers)
        case .stallsDeletions where request.method != "DELETE":
            return .text(answer(to: request).description, headers: headers)
        case .rejects: return failure(400, "invalid_request_error")
        case .refusesKey: return failure(401, "invalid_request_error")
        case .refusesPermission: return failure(403, "invalid_request_error")
        case .fails: return failure(500, "api_error")
        case .limits: return failure(429, "rate_limit_error")
        case .talksHTML: return .text("<html>\(echo)</html>", status: 200, headers: ["Content-Type": "text/html"])
        // Longer than a call's deadline, but not for long: with `--ordered` the next call waits for all attempts too.
        case .stalls: return .stall(milliseconds: 1_000)
        case .stallsDeletions: return .stall(milliseconds: 20_000)
        }
    }

    private static func answer(to request: ReceivedRequest) -> JSONValue {
        let parts = request.path.split(separator: "/").map(String.init)
        if request.path.hasSuffix("/search") { return ["object": "search_result", "data": [], "has_more": false] }
        if request.method == "GET", parts.count < 3 { return ["object": "list", "data": [], "has_more": false] }
        let id = parts.count > 2 ? parts[2] : "cus_\(request.number)"
        if request.method == "DELETE" { return ["id": .string(id), "object": "customer", "deleted": true] }
        var customer: JSONObject = [
            "id": .string(id), "object": "customer", "created": 1_700_000_000, "livemode": false,
        ]
        let metadata = request.form.filter { $0.key.hasPrefix("metadata[") }.map { name, value in
            JSONObject.Member(String(name.dropFirst(9).dropLast()), .string(value))
        }
        customer["metadata"] = .object(JSONObject(metadata))
        for name in ["email", "name", "phone"] { customer[name] = request.form[name].map { .string($0) } }
        return .object(customer)
    }
}
