import Dispatch
import Environment
import HTTP
import JSON
import Sandbox
import Synchronization

extension FaultyStripe {
    /// What the connections' threads share; apart from the server, whose handler it is.
    final class Core: Sendable {
        private struct Saved {
            var identity: String
            var at: Milliseconds
        }

        private struct State {
            var plan: Plan
            var observer: Observer = { _, _ in true }
            var refusal: @Sendable (Request) -> Refusal? = { _ in nil }
            var count = 0
            /// Failures that Stripe saved under their keys.
            var saved: [String: Saved] = [:]
        }

        let sandbox: SandboxExchange
        private let clock: any WallClock
        private let options: Options
        private let watch: FaultWatch
        private let state: Mutex<State>

        /// A stalled answer; longer than a test's client waits, shorter than a killed process's lease.
        private static let stallMilliseconds = 2_500

        init(
            sandbox: SandboxExchange, clock: any WallClock, options: Options, plan: @escaping Plan, watch: FaultWatch
        ) {
            self.sandbox = sandbox
            self.clock = clock
            self.options = options
            self.watch = watch
            state = Mutex(State(plan: plan))
        }

        var count: Int { state.withLock { $0.count } }

        func script(_ plan: @escaping Plan) {
            state.withLock { state in
                state.plan = plan
                state.count = 0
            }
        }

        func refuse(_ refusal: @escaping @Sendable (Request) -> Refusal?) { state.withLock { $0.refusal = refusal } }

        func observe(_ observer: @escaping Observer) { state.withLock { $0.observer = observer } }

        /// Blocks its thread for as long as the request takes.
        func answer(_ received: ReceivedRequest) -> Reply {
            var request = Request(received)
            let (plan, observer) = state.withLock { state in
                state.count += 1
                request.number = state.count
                return (state.plan, state.observer)
            }
            watch.arrived(request, at: clock.now())
            guard observer(request, .received) else { return .close }
            let fault = plan(request)
            if let fault { watch.met(fault) }
            if let reply = before(fault, request) { return reply }

            let subject = subject(of: request)
            watch.began(request, on: subject)
            if options.latencyMilliseconds > 0 { pause(Int.random(in: 0...options.latencyMilliseconds)) }
            let response = carryOut(received, request, savesFailure: fault == .executedThenSaved500)
            watch.ended(request, on: subject, response)
            request.outcome = Outcome(response)
            guard observer(request, .executed) else { return .close }
            return after(fault, response, request)
        }

        /// What a mutation changes: the customer, or the user whose customer is being made.
        private func subject(of request: Request) -> String? {
            request.route.isMutation ? request.customerId ?? options.subject(request) : nil
        }

        // MARK: Faults

        /// The reply when the request is not carried out.
        private func before(_ fault: Fault?, _ request: Request) -> Reply? {
            switch fault {
            case .closed: return .close
            case .reset: return .reset
            case .html502: return Self.badGateway
            case .rateLimited:
                return Self.failure(
                    429, "rate_limit_error", code: "rate_limit", ["Stripe-Rate-Limited-Reason": "global-rate"])
            case .lockTimeout:
                return Self.failure(
                    429, "invalid_request_error", code: "lock_timeout", ["Stripe-Should-Retry": "true"])
            case .keyInUse where request.idempotencyKey != nil:
                return Self.failure(409, "invalid_request_error", code: "idempotency_key_in_use")
            case .unsaved500: return Self.failure(500, "api_error")
            case .saved500:
                if let reply = savedFailure(request) { return reply }
                save(request)
                return Self.failure(500, "api_error")
            default:
                if let refusal = fault?.refusal {
                    return Self.failure(
                        refusal.status, refusal.type, code: refusal.code, message: refusal.message)
                }
            }
            if let refusal = state.withLock({ $0.refusal })(request) {
                return Self.failure(refusal.status, refusal.type, code: refusal.code, param: refusal.param)
            }
            if let email = request.form["email"], options.refusedEmails.contains(email) {
                return Self.failure(400, "invalid_request_error", code: "email_invalid", param: "email")
            }
            if request.route == .search, !options.offersSearch { return Self.failure(400, "invalid_request_error") }
            if let id = request.customerId, options.otherMode.contains(id) {
                return Self.failure(
                    404, "invalid_request_error", code: "resource_missing", param: "id",
                    message: "No such customer: '\(id)'; a similar object exists in live mode, but a test mode key "
                        + "was used to make this request.")
            }
            return savedFailure(request)
        }

        private func after(_ fault: Fault?, _ response: HTTPResponse, _ request: Request) -> Reply {
            let response = fault?.odd(response, to: request.route) ?? response
            var headers = response.headers
            if options.dropsReplayHeader { headers["idempotent-replayed"] = nil }
            let reply = Reply.respond(status: response.status, headers: headers, body: response.body)
            switch fault {
            case .executedThenSaved500: return Self.failure(500, "api_error")
            case .executedThenClosed: return .close
            case .executedThenReset: return .reset
            case .executedThenStalled: return .stall(milliseconds: Self.stallMilliseconds)
            case .executedThenHTML502: return Self.badGateway
            case .executedThenMixedUp:
                return .respond(status: response.status, headers: headers, body: Self.mixedUp(response.body))
            case .executedThenEmptyBody: return .respond(status: response.status, headers: headers)
            case .executedThenTruncated:
                return .truncate(status: response.status, headers: headers, body: response.body, after: 20)
            default: return reply
            }
        }

        // MARK: Carrying out

        private func carryOut(_ received: ReceivedRequest, _ request: Request, savesFailure: Bool) -> HTTPResponse {
            let query = received.rawQuery.isEmpty ? "" : "?" + received.rawQuery
            let forwarded = HTTPRequest(
                method: HTTPMethod(rawValue: received.method) ?? .get,
                url: "https://api.stripe.com" + received.path + query,
                headers: received.headers.map { ($0.key, $0.value) }, body: received.body)
            // Before it is carried out: the answer to another one of the same key must not slip in between.
            if savesFailure { save(request) }
            let response = wait { [sandbox] in try? await sandbox.send(forwarded) }
            guard let response else { return HTTPResponse(status: 500) }
            if request.route == .create, options.answersCreatesWithStubs { return stub(response) }
            return request.route == .search ? lagging(response) : response
        }

        private func stub(_ response: HTTPResponse) -> HTTPResponse {
            guard let id = (try? JSONValue(parsing: response.body))?["id"]?.string else { return response }
            _ = wait { [sandbox] in
                try? await sandbox.send(
                    HTTPRequest(
                        method: .delete, url: "https://api.stripe.com/v1/customers/" + id,
                        headers: [("Authorization", "Bearer sk_test_dashboard")], body: []))
            }
            var response = response
            response.body = JSONValue.object(["id": .string(id), "object": "customer", "deleted": true]).serialized()
            return response
        }

        /// Without the customers that search does not know yet.
        private func lagging(_ response: HTTPResponse) -> HTTPResponse {
            guard options.searchLag > 0, var page = (try? JSONValue(parsing: response.body))?.object,
                let data = page["data"]?.array
            else { return response }
            let latest = (clock.now() - options.searchLag) / 1000
            page["data"] = .array(data.filter { ($0["created"]?.int64 ?? 0) < latest })
            var response = response
            response.body = JSONValue.object(page).serialized()
            return response
        }

        /// With each customer in it turned into a stranger's.
        private static func mixedUp(_ body: [UInt8]) -> [UInt8] {
            func strange(_ value: JSONValue) -> JSONValue {
                guard var object = value.object else { return value }
                if object["object"] == "customer" {
                    object["id"] = "cus_stranger"
                    if object["deleted"] == nil {
                        object["email"] = "stranger@other.example"
                        object["metadata"] = ["userId": "stranger"]
                    }
                }
                if let data = object["data"]?.array { object["data"] = .array(data.map(strange)) }
                return .object(object)
            }
            return ((try? JSONValue(parsing: body)).map(strange) ?? .null).serialized()
        }

        // MARK: Saved failures

        private func save(_ request: Request) {
            guard let key = request.idempotencyKey else { return }
            let now = clock.now()
            state.withLock { $0.saved[key] = Saved(identity: request.identity, at: now) }
        }

        private func savedFailure(_ request: Request) -> Reply? {
            guard let key = request.idempotencyKey, let saved = state.withLock({ $0.saved[key] }),
                clock.now() - saved.at < 24 * 3_600_000
            else { return nil }
            guard saved.identity == request.identity else { return Self.failure(400, "idempotency_error") }
            return Self.failure(500, "api_error", options.dropsReplayHeader ? [:] : ["Idempotent-Replayed": "true"])
        }

        // MARK: Pieces

        private static let badGateway = Reply.text(
            "<html><body><h1>502 Bad Gateway</h1></body></html>", status: 502, headers: ["Content-Type": "text/html"])

        private static func failure(
            _ status: Int, _ type: String, code: String? = nil, param: String? = nil, _ headers: [String: String] = [:],
            message: String = "By script."
        ) -> Reply {
            var error: JSONObject = ["type": .string(type), "message": .string(message)]
            error["code"] = code.map { .string($0) }
            error["param"] = param.map { .string($0) }
            let all = headers.merging(["Content-Type": "application/json", "Request-Id": "req_faulty"]) { one, _ in one
            }
            return .respond(
                status: status, headers: all, body: JSONValue.object(["error": .object(error)]).serialized())
        }
    }
}

/// Waits on a connection's own thread for what is asynchronous.
private func wait<Value: Sendable>(_ body: @escaping @Sendable () async -> Value?) -> Value? {
    let done = DispatchSemaphore(value: 0)
    let result = Result<Value>()
    Task.detached {
        let value = await body()
        result.value.withLock { $0 = value }
        done.signal()
    }
    done.wait()
    return result.value.withLock { $0 }
}

private final class Result<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}

private func pause(_ milliseconds: Int) {
    _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(milliseconds))
}

extension FaultyStripe.Outcome {
    fileprivate init(_ response: HTTPResponse) {
        status = response.status
        isReplay = response.headers["idempotent-replayed"] != nil
        object = (try? JSONValue(parsing: response.body))?.object ?? [:]
    }
}
