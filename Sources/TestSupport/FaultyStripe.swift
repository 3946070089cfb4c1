package import Environment
package import HTTP
package import JSON
import Sandbox

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Stripe's customers API on a port of this machine, with faults by script and a watch over what must never happen.
///
/// What is right comes from a `SandboxExchange`; what goes wrong is decided for each request by the plan. A handler runs
/// on its connection's own thread and holds nothing while it waits, so a stalled answer holds up nobody else.
package final class FaultyStripe: Sendable {
    /// Which fault, if any, a request meets.
    package typealias Plan = @Sendable (Request) -> Fault?
    /// Told at each stage of a request; `false` ends the connection there and then.
    package typealias Observer = @Sendable (Request, Stage) -> Bool

    package enum Stage: Sendable { case received, executed }

    package struct Options: Sendable {
        /// Leave out `Idempotent-Replayed`, whose name is known from observation alone.
        package var dropsReplayHeader = false
        /// Each request takes up to so long before it is carried out: without it nothing would ever overlap.
        package var latencyMilliseconds = 0
        /// Customers younger than this are not found by search.
        package var searchLag: Milliseconds = 0
        /// Search is not offered everywhere: "not available for merchants in India" (https://docs.stripe.com/search).
        package var offersSearch = true
        /// Each create is answered with what is left of a deleted customer.
        package var answersCreatesWithStubs = false
        /// Addresses that Stripe finds invalid.
        package var refusedEmails: Set<String> = []
        /// Ids of customers that there are only in Stripe's other mode.
        package var otherMode: Set<String> = []
        /// Of whom two creates must not be under way at once; the user that they name, unless a test knows it better.
        package var subject: @Sendable (Request) -> String? = { request in
            request.form["metadata[userId]"].map {
                "user \($0) of " + (request.form["metadata[stripe_customers_app]"] ?? "-")
            }
        }

        package init() {}
    }

    /// An error of Stripe's own that a request gets in place of an answer.
    package struct Refusal: Sendable {
        package var status: Int
        package var type: String
        package var code: String?
        package var param: String?

        package init(
            _ status: Int, type: String = "invalid_request_error", code: String? = nil, param: String? = nil
        ) {
            (self.status, self.type, self.code, self.param) = (status, type, code, param)
        }
    }

    package let watch = FaultWatch()
    private let core: Core
    private let server: LoopbackServer

    /// - Parameter path: Where the state lives: a file, or `:memory:`.
    package init(
        path: String = ":memory:", clock: any WallClock = SystemClock(), options: Options = Options(),
        plan: @escaping Plan = { _ in nil }
    ) throws {
        let sandbox = try SandboxExchange(path: path, clock: clock, identifiers: RandomIdentifiers())
        let core = Core(sandbox: sandbox, clock: clock, options: options, plan: plan, watch: watch)
        self.core = core
        server = try LoopbackServer { core.answer($0) }
    }

    package var url: String { server.url }

    /// From here on; requests are counted from 1 again.
    package func script(_ plan: @escaping Plan) { core.script(plan) }

    /// From here on these requests are refused; like Stripe's, refusals are not saved under a key.
    package func refuse(_ refusal: @escaping @Sendable (Request) -> Refusal?) { core.refuse(refusal) }

    package func observe(_ observer: @escaping Observer) { core.observe(observer) }

    /// Requests since the plan began.
    package var requestCount: Int { core.count }

    /// The server waits for its connections, these for the sandbox, and that for a thread of the pool, on which this may
    /// run.
    deinit {
        let server = server
        _ = JoinableThread { server.stop() }
    }

    // MARK: What is there

    /// Every customer that is not deleted.
    package func customers() async throws -> [JSONObject] {
        var all: [JSONObject] = []
        while true {
            let after = all.last?["id"]?.string.map { "&starting_after=" + $0 } ?? ""
            let page = try await direct(.get, "/v1/customers?limit=100" + after)
            all += page["data"]?.array?.compactMap(\.object) ?? []
            guard page["has_more"]?.bool == true else { return all }
        }
    }

    /// Customers by the user that they name, without those that are archived.
    package func liveCustomers() async throws -> [String: [JSONObject]] {
        let live = try await customers().filter { $0["metadata"]?["stripe_customers_archived_at"] == nil }
        return Dictionary(grouping: live) { $0["metadata"]?["userId"]?.string ?? "" }
    }

    /// A request past all faults and the watch, as by the dashboard.
    /// - Parameter form: Encoded already.
    @discardableResult
    package func direct(_ method: HTTPMethod, _ target: String, _ form: String = "") async throws -> JSONObject {
        var headers = [(name: "Authorization", value: "Bearer sk_test_dashboard")]
        if method == .post { headers.append(("Content-Type", "application/x-www-form-urlencoded")) }
        let request = HTTPRequest(
            method: method, url: "https://api.stripe.com" + target, headers: headers, body: Array(form.utf8))
        let response = try await core.sandbox.send(request)
        return try JSONValue(parsing: response.body).object ?? [:]
    }

    /// Gives a customer an active subscription.
    package func seedSubscription(customer: String) async throws {
        _ = try await core.sandbox.seedSubscription(customer: customer)
    }
}
