internal import Dispatch
package import Environment
package import HTTP
internal import JSON
package import SQLite
internal import Synchronization

/// Stripe's customers API without the network. It stands below the Stripe client, in the place of the HTTP exchange, so
/// that encoding, retries and error mapping run as they do in production.
///
/// The state is an SQLite file that survives restarts and may be open in several processes at once.
package final class SandboxExchange: HTTPExchange {
    private let connection: Mutex<Connection>
    private let clock: any WallClock
    private let identifiers: any Identifiers
    private let livemode: Bool

    /// SQLite waits for the disk and for other processes, and must not do so on a thread of the cooperative pool.
    private let queue = DispatchQueue(label: "stripe-sandbox")

    /// The API version answered to a client that names none.
    private static let defaultVersion = "2026-07-29.dahlia"

    /// - Parameter path: The sandbox's own file, or `:memory:`.
    package init(
        path: String, clock: any WallClock, identifiers: any Identifiers, livemode: Bool = false
    ) throws(SQLiteError) {
        connection = Mutex(try openSandboxDatabase(path: path))
        self.clock = clock
        self.identifiers = identifiers
        self.livemode = livemode
    }

    /// Never fails: what goes wrong is a response, as with Stripe.
    package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: self.connection.withLock { self.answer(request, &$0) })
            }
        }
    }

    private func answer(_ request: HTTPRequest, _ connection: inout Connection) -> HTTPResponse {
        let requestID = freshRequestID()
        var response = HTTPResponse(
            status: 200,
            headers: [
                "content-type": "application/json", "request-id": requestID,
                "stripe-version": request.header("stripe-version") ?? Self.defaultVersion,
            ])
        if let key = request.header("idempotency-key") { response.headers["idempotency-key"] = key }
        do {
            let call = try call(
                SandboxRequest(request), requestID: requestID, version: request.header("stripe-version"))
            try perform(call, &response, &connection)
        } catch {
            let failure = error as? StripeFailure ?? outage
            response.status = failure.status
            response.body = failure.body(requestID: requestID, livemode: livemode)
        }
        return response
    }

    private func perform(_ call: Call, _ response: inout HTTPResponse, _ connection: inout Connection) throws {
        if call.request.method == .get {
            response.body = Array(try call.prepare()(&connection).utf8)
            return
        }
        let answer = try connection.transaction { connection in
            guard let key = call.request.idempotencyKey else {
                return IdempotencyRecord(
                    requestID: call.requestID, status: 200, body: try call.prepare()(&connection))
            }
            if let saved = try call.savedAnswer(key, in: &connection) { return saved }
            // "Results are only saved if an API endpoint started executing. If incoming parameters failed validation …
            // no idempotent result is saved": https://docs.stripe.com/api/idempotent_requests
            let execution = try call.prepare()
            let answer = try execute(execution, call, &connection)
            try call.save(answer, under: key, in: &connection)
            return answer
        }
        response.status = answer.status
        response.body = Array(answer.body.utf8)
        guard call.request.idempotencyKey != nil else { return }
        response.headers["original-request"] = answer.requestID
        if answer.requestID != call.requestID { response.headers["idempotent-replayed"] = "true" }
    }

    /// The endpoint's answer, its failure included.
    private func execute(
        _ execution: Execution, _ call: Call, _ connection: inout Connection
    ) throws -> IdempotencyRecord {
        do {
            return IdempotencyRecord(requestID: call.requestID, status: 200, body: try execution(&connection))
        } catch let failure as StripeFailure {
            let body = failure.body(requestID: call.requestID, livemode: livemode)
            return IdempotencyRecord(
                requestID: call.requestID, status: failure.status, body: String(decoding: body, as: UTF8.self))
        }
    }

    private func call(_ request: SandboxRequest, requestID: String, version: String?) -> Call {
        Call(
            request: request, requestID: requestID, now: clock.now() / 1000, identifiers: identifiers,
            livemode: livemode, version: version ?? Self.defaultVersion)
    }

    private func freshRequestID() -> String { "req_" + identifiers.next().suffix(14) }

    /// The sandbox's own file can't be read or written.
    private var outage: StripeFailure {
        StripeFailure(status: 500, type: "api_error", message: "The sandbox can't use its database")
    }
}

// MARK: - For tests

extension SandboxExchange {
    /// Gives a customer a subscription. The id is returned.
    package func seedSubscription(
        customer: String, status: String = "active", account: String = ""
    ) async throws -> String {
        try await seed(.subscription, customer: customer, status: status, account: account)
    }

    /// Gives a customer an invoice. The id is returned.
    package func seedInvoice(
        customer: String, status: String = "open", account: String = ""
    ) async throws -> String {
        try await seed(.invoice, customer: customer, status: status, account: account)
    }

    private func seed(_ kind: BillingKind, customer: String, status: String, account: String) async throws -> String {
        let request = SandboxRequest(account: account)
        let call = call(request, requestID: freshRequestID(), version: nil)
        return try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(
                    with: Result {
                        try self.connection.withLock { connection in
                            try connection.transaction { connection in
                                try call.insertBilling(kind, customer: customer, status: status, in: &connection)
                            }
                        }
                    })
            }
        }
    }
}
