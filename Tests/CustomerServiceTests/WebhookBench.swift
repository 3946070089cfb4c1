import Cryptography
import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLite
import SQLiteStore
import Sandbox
import Stripe
import Synchronization
import TestSupport
import Testing

/// A service on a sandbox that counts what is sent to it, and Stripe as the sender of events.
final class WebhookBench: Sendable {
    static let secret = "whsec_test"

    let clock = FixedClock()
    let directory: TemporaryDirectory
    let exchange: CountingExchange
    let store: CustomerStore
    let service: CustomerService

    private let account: String?

    init(
        wins: [String] = [], sandboxClock: (any WallClock)? = nil, account: String? = nil, isLive: Bool = false
    ) async throws {
        self.account = account
        directory = try TemporaryDirectory()
        exchange = CountingExchange(
            try SandboxExchange(path: ":memory:", clock: sandboxClock ?? clock, identifiers: RandomIdentifiers()))
        store = try CustomerStore(path: directory.file("test.sqlite"), watch: patientWatch())
        try await store.renewLeases()
        let client = StripeClient(
            configuration: StripeConfiguration(
                apiKey: "sk_test_sandbox", account: account, requestsPerSecond: 0), exchange: exchange,
            clock: clock, identifiers: RandomIdentifiers(), log: .none)
        var service = CustomerService(
            store: store, stripe: client, clock: clock, identifiers: RandomIdentifiers(), log: .none, version: "test",
            account: account, isLive: isLive)
        service.webhookSecrets = [Self.secret]
        service.stripeWins = wins
        self.service = service
    }

    // MARK: The host

    @discardableResult
    func call(_ name: String, _ params: JSONObject, key: String? = nil) async throws(ServiceError) -> JSONValue {
        guard let method = service.methods.first(where: { $0.name == name }) else {
            throw ServiceError(.internalError, "no method \(name)")
        }
        return try await method.call(Call(params, meta: CallMeta(idempotencyKey: key)))
    }

    /// - Returns: The id of the customer.
    func register(_ userId: String, name: String? = "Ada") async throws -> String {
        var params: JSONObject = ["userId": .string(userId), "email": .string("\(userId)@example.com")]
        params["name"] = name.map { .string($0) }
        return try #require(try await call("registerUser", params)["customerId"]?.string)
    }

    func user(_ id: String) async throws -> User { try #require(try await store.user(id)) }

    /// Writes to the database as another program does.
    @discardableResult
    func sql(_ statement: String, _ arguments: [SQLiteValue] = []) throws -> [Row] {
        var connection = try Connection(path: directory.file("test.sqlite"), busyTimeout: 10_000)
        return try connection.query(statement, arguments)
    }

    var queued: Int { get throws { try sql("SELECT 1 FROM sync_queue").count } }

    // MARK: Stripe

    /// What somebody does in the dashboard.
    @discardableResult
    func atStripe(
        _ method: HTTPMethod, _ path: String, _ form: String = "", key: String? = nil
    ) async throws -> JSONValue {
        var request = HTTPRequest(method: method, url: "https://api.stripe.com" + path)
        request.headers = [
            ("Authorization", "Bearer sk_test_sandbox"), ("Content-Type", "application/x-www-form-urlencoded"),
        ]
        if let account { request.headers.append(("Stripe-Account", account)) }
        if let key { request.headers.append(("Idempotency-Key", key)) }
        request.body = Array(form.utf8)
        return try JSONValue(parsing: try await exchange.inner.send(request).body)
    }

    /// - Returns: The id of a customer that another program makes.
    func make(_ form: String) async throws -> String {
        try #require(try await atStripe(.post, "/v1/customers", form)["id"]?.string)
    }

    func customer(_ id: String) async throws -> JSONValue { try await atStripe(.get, "/v1/customers/" + id) }

    func edit(_ id: String, _ form: String) async throws { try await atStripe(.post, "/v1/customers/" + id, form) }

    /// All events, oldest first.
    func events() async throws -> [JSONValue] {
        try await atStripe(.get, "/v1/events?limit=100")["data"]?.array?.reversed() ?? []
    }

    func newestEvent() async throws -> JSONValue { try #require(try await events().last) }

    @discardableResult
    func deliver(_ event: JSONValue) async throws(ServiceError) -> JSONValue {
        let payload = String(decoding: event.serialized(), as: UTF8.self)
        return try await call(
            "handleWebhook", ["payload": .string(payload), "signature": .string(signature(of: payload))])
    }

    func effect(of event: JSONValue) async throws -> String {
        try #require(try await deliver(event)["effect"]?.string)
    }

    func signature(of payload: String, secret: String = secret, ago seconds: Int64 = 0) -> String {
        Self.signature(of: payload, secret: secret, at: clock.now() / 1000 - seconds)
    }

    static func signature(of payload: String, secret: String = secret, at time: Int64) -> String {
        let digest = HMAC.authenticate(Array("\(time).\(payload)".utf8), key: Array(secret.utf8))
        return "t=\(time),v1=\(Hexadecimal.text(digest))"
    }

    /// An event that the sandbox did not make.
    func event(
        _ type: String, _ customer: JSONValue, id: String, at created: Int64, previous: JSONValue? = nil
    ) -> JSONValue {
        var data: JSONObject = ["object": customer]
        data["previous_attributes"] = previous
        return [
            "id": .string(id), "object": "event", "type": .string(type), "created": .number(JSONNumber(created)),
            "livemode": false, "data": .object(data),
        ]
    }
}

/// Counts the requests of the service; those of `atStripe` go past it.
final class CountingExchange: HTTPExchange {
    let inner: SandboxExchange
    private let sent = Sent()
    private let allowed = Atomic(Int.max)
    private let refused = Mutex<@Sendable (HTTPRequest) -> Bool>({ _ in false })
    private let scripted = Mutex<@Sendable (HTTPRequest) -> String?>({ _ in nil })

    init(_ inner: SandboxExchange) { self.inner = inner }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        await sent.add(request)
        guard allowed.subtract(1, ordering: .relaxed).newValue >= 0 else {
            let body = #"{"error":{"type":"invalid_request_error"}}"#
            return HTTPResponse(status: 401, headers: [:], body: Array(body.utf8))
        }
        if refused.withLock({ $0(request) }) {
            // A place in a list that is there no more, or something that has nothing to do with the request.
            let cursor = ["starting_after", "ending_before"].first { request.url.contains($0) }
            let facts = cursor.map { #","code":"resource_missing","param":"\#($0)""# } ?? ""
            let body = #"{"error":{"type":"invalid_request_error","message":"By script."\#(facts)}}"#
            return HTTPResponse(status: 400, headers: [:], body: Array(body.utf8))
        }
        if let body = scripted.withLock({ $0(request) }) {
            return HTTPResponse(status: 200, headers: [:], body: Array(body.utf8))
        }
        return try await inner.send(request)
    }

    /// Answers these with this body, instead of what is so.
    func answer(_ body: String, to condition: @escaping @Sendable (HTTPRequest) -> Bool) {
        scripted.withLock { $0 = { condition($0) ? body : nil } }
    }

    func answer(_ script: @escaping @Sendable (HTTPRequest) -> String?) { scripted.withLock { $0 = script } }

    func answerTruly() { scripted.withLock { $0 = { _ in nil } } }

    /// Answers 400 to these.
    func refuse(_ condition: @escaping @Sendable (HTTPRequest) -> Bool) { refused.withLock { $0 = condition } }

    /// How many since this was last asked.
    func count(_ method: HTTPMethod? = nil) async -> Int { await sent.take().count { method == nil || $0 == method } }
    /// Answers so many more requests, and refuses the key after that.
    func allow(_ count: Int) { allowed.store(count, ordering: .relaxed) }
    func reset() async { _ = await sent.take() }

    private actor Sent {
        private var methods: [HTTPMethod] = []
        func add(_ request: HTTPRequest) { methods.append(request.method) }
        func take() -> [HTTPMethod] {
            defer { methods = [] }
            return methods
        }
    }
}

func with(_ object: JSONValue, _ changes: JSONObject) -> JSONValue {
    var object = object.object ?? [:]
    for member in changes.members { object[member.name] = member.value }
    return .object(object)
}
