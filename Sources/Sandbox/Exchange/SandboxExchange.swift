import Dispatch
package import Environment
package import HTTP
import JSON
import SQLite
import Synchronization

/// The sandbox's file can't be opened.
package struct SandboxFault: Error {
    package let message: String
}

/// Stripe's customers API without the network. It stands below the Stripe client, in the place of the HTTP exchange, so
/// that encoding, retries and error mapping run as they do in production.
///
/// The state is an SQLite file that survives restarts and may be open in several processes at once.
package final class SandboxExchange: HTTPExchange {
    private let connection: Mutex<Connection>
    private let clock: any WallClock
    private let identifiers: any Identifiers
    private let livemode: Bool

    private typealias Waiting = (request: HTTPRequest, continuation: CheckedContinuation<HTTPResponse, Never>)
    private let waiting = Mutex<[Waiting]>([])

    /// SQLite waits for the disk and for other processes, and must not do so on a thread of the cooperative pool.
    private let queue = DispatchQueue(label: "stripe-sandbox")

    /// The API version answered to a client that names none.
    private static let defaultVersion = "2026-07-29.dahlia"

    /// - Parameter path: The sandbox's own file, or `:memory:`.
    package init(
        path: String, clock: any WallClock, identifiers: any Identifiers, livemode: Bool = false
    ) throws(SandboxFault) {
        do throws(SQLiteError) {
            connection = Mutex(try openSandboxDatabase(path: path))
        } catch {
            throw SandboxFault(message: error.message)
        }
        self.clock = clock
        self.identifiers = identifiers
        self.livemode = livemode
    }

    /// Never fails: what goes wrong is a response, as with Stripe.
    package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        await withCheckedContinuation { continuation in
            waiting.withLock { $0.append((request, continuation)) }
            queue.async { self.answerWaiting() }
        }
    }

    /// Answers all that has come in, in that order and in one transaction, since it is the commits that take the time.
    /// Nobody hears of a change before it is committed.
    private func answerWaiting() {
        let batch = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        guard !batch.isEmpty else { return }
        let isReadOnly = batch.allSatisfy { $0.request.method == .get }
        let responses = connection.withLock { connection in
            do {
                let responses = try connection.transaction(isReadOnly ? .deferred : .immediate) { connection in
                    try batch.map { try answer($0.request, &connection) }
                }
                // What was deleted is not to be found in older pages of the file's log either. One that is being read
                // by another process is emptied with the next deletion, or when the last process closes it.
                if batch.contains(where: { $0.request.method == .delete }) { _ = try? connection.emptyWriteAheadLog() }
                return responses
            } catch {
                return batch.map { response(to: $0.request, failure: .outage, requestID: freshRequestID()) }
            }
        }
        for (entry, response) in zip(batch, responses) { entry.continuation.resume(returning: response) }
    }

    private func answer(_ request: HTTPRequest, _ connection: inout Connection) throws -> HTTPResponse {
        let requestID = freshRequestID()
        do {
            let call = try call(
                SandboxRequest(request), requestID: requestID, version: request.header("stripe-version"))
            return response(to: request, answer: try call.answer(&connection), requestID: requestID)
        } catch let failure as StripeFailure {
            return response(to: request, failure: failure, requestID: requestID)
        }
    }

    private func response(to request: HTTPRequest, failure: StripeFailure, requestID: String) -> HTTPResponse {
        response(to: request, answer: failure.answer(requestID: requestID, livemode: livemode), requestID: requestID)
    }

    private func response(to request: HTTPRequest, answer: Answer, requestID: String) -> HTTPResponse {
        var headers = [
            "content-type": "application/json", "request-id": requestID,
            "stripe-version": request.header("stripe-version") ?? Self.defaultVersion,
        ]
        let key = request.header("idempotency-key")
        headers["idempotency-key"] = key
        if key != nil && request.method == .post {
            headers["original-request"] = answer.requestID
            if answer.requestID != requestID { headers["idempotent-replayed"] = "true" }
        }
        return HTTPResponse(status: answer.status, headers: headers, body: Array(answer.body.utf8))
    }

    private func call(_ request: SandboxRequest, requestID: String, version: String?) -> Call {
        Call(
            request: request, requestID: requestID, now: clock.now() / 1000, identifiers: identifiers,
            livemode: livemode, version: version ?? Self.defaultVersion)
    }

    private func freshRequestID() -> String { "req_" + identifiers.next().suffix(14) }
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
                                try call.insertBilling(
                                    kind, customer: customer, ["currency": "usd", "status": .string(status)],
                                    in: &connection)["id"]?.string ?? ""
                            }
                        }
                    })
            }
        }
    }
}
