import Environment
import HTTP
import JSON
import Stripe
import Synchronization

extension Patience {
    static let single = Patience(maximumAttempts: 1, deadline: 60_000)
}

/// A time of day that passes only in `sleep`, which returns at once.
final class SteppedClock: WallClock {
    private let time: Mutex<Milliseconds>
    private let slept = Mutex<[Milliseconds]>([])

    init(at start: Milliseconds = 1_700_000_000_000) { time = Mutex(start) }

    var naps: [Milliseconds] { slept.withLock { $0 } }
    func now() -> Milliseconds { time.withLock { $0 } }
    func sleep(_ duration: Milliseconds) async {
        slept.withLock { $0.append(duration) }
        advance(duration)
    }
    func advance(_ duration: Milliseconds) { time.withLock { $0 += duration } }
}

/// The time that really passes.
struct RealClock: WallClock {
    private let start = ContinuousClock.now
    func now() -> Milliseconds { Milliseconds((ContinuousClock.now - start) / .milliseconds(1)) }
    func sleep(_ duration: Milliseconds) async { try? await Task.sleep(for: .milliseconds(duration)) }
}

/// Answers by script, the last answer again and again, and keeps what it was sent.
final class ScriptedExchange: HTTPExchange {
    typealias Answer = Result<HTTPResponse, HTTPFailure>

    private let answers: [Answer]
    private let received = Mutex<[HTTPRequest]>([])

    init(_ answers: Answer...) { self.answers = answers }
    init(_ answers: [Answer]) { self.answers = answers }

    var requests: [HTTPRequest] { received.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let index = received.withLock {
            $0.append(request)
            return $0.count - 1
        }
        return try answers[min(index, answers.count - 1)].get()
    }
}

/// Never answers; ends when it is cancelled, if it is one of those that do, and else after two minutes.
struct SilentExchange: HTTPExchange {
    var endsWhenCancelled = true

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        if endsWhenCancelled {
            try? await Task.sleep(for: .seconds(120))
        } else {
            await Task { try? await Task.sleep(for: .seconds(120)) }.value
        }
        throw HTTPFailure(kind: .connectionLost, outcomeUnknown: true, detail: "cancelled")
    }
}

/// Keeps what was logged, as text.
final class LogBook: Sendable {
    private let lines = Mutex<[String]>([])

    var log: Log {
        Log { level, event, fields in
            let text = String(decoding: JSONValue.object(fields).serialized(), as: UTF8.self)
            self.lines.withLock { $0.append("\(level) \(event) \(text)") }
        }
    }
    var all: [String] { lines.withLock { $0 } }
}

let testKey = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"

func client(
    _ exchange: any HTTPExchange, clock: any WallClock = SteppedClock(), log: Log = .none, account: String? = nil,
    requestsPerSecond: Double? = 0
) -> StripeClient {
    StripeClient(
        configuration: StripeConfiguration(apiKey: testKey, account: account, requestsPerSecond: requestsPerSecond),
        exchange: exchange, clock: clock, identifiers: CountedIdentifiers(), log: log)
}

func answer(_ status: Int, _ body: String, _ headers: [String: String] = [:]) -> ScriptedExchange.Answer {
    .success(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))
}

func failure(_ kind: HTTPFailure.Kind, outcomeUnknown: Bool = true) -> ScriptedExchange.Answer {
    .failure(HTTPFailure(kind: kind, outcomeUnknown: outcomeUnknown, detail: "scripted"))
}

let ada =
    #"{"id":"cus_1","object":"customer","email":"ada@example.com","name":"Ada","created":1700000000,"metadata":{"userId":"u1"},"novel":{"x":1.50}}"#

func stripeError(type: String = "invalid_request_error", code: String? = nil, message: String = "No.") -> String {
    let code = code.map { #","code":"\#($0)""# } ?? ""
    return #"{"error":{"type":"\#(type)","message":"\#(message)"\#(code)}}"#
}

/// The error of a call that has to fail.
func errorOf<Value>(
    isolation: isolated (any Actor)? = #isolation,
    _ call: () async throws(StripeError) -> StripeReply<Value>
) async -> StripeError? {
    do throws(StripeError) {
        _ = try await call()
        return nil
    } catch {
        return error
    }
}
