package import JSON

extension FaultyStripe {
    /// A request as the plan and the observer see it.
    package struct Request: Sendable {
        /// 1 for the first since the plan began.
        package var number: Int
        package var route: Route
        /// The customer that it is about.
        package var customerId: String?
        package var idempotencyKey: String?
        /// The key that it comes under, so that a test can tell processes apart.
        package var apiKey: String
        package var query: [String: String]
        package var form: [String: String]
        /// Method, path and parameters: what a key stands for.
        package var identity: String
        /// Once it is executed.
        package var outcome: Outcome?
    }

    /// What Stripe made of a request, whatever becomes of the answer on its way.
    package struct Outcome: Sendable {
        package var status: Int
        /// Answered from what was saved under the key: nothing was carried out.
        package var isReplay: Bool
        package var object: JSONObject
    }

    package enum Route: String, Sendable {
        case create, update, delete, retrieve, list, search, other

        package var isMutation: Bool { [.create, .update, .delete].contains(self) }
    }
}

extension FaultyStripe.Request {
    init(_ received: ReceivedRequest) {
        let parts = received.path.split(separator: "/").map(String.init)
        let id = parts.count == 3 && parts[1] == "customers" && parts[2] != "search" ? parts[2] : nil
        let isCustomers = parts.count >= 2 && parts[1] == "customers"
        route =
            switch (received.method, isCustomers, id) {
            case ("POST", true, nil): .create
            case ("POST", true, _?): .update
            case ("DELETE", true, _?): .delete
            case ("GET", true, _?): .retrieve
            case ("GET", true, nil): parts.last == "search" ? .search : .list
            default: .other
            }
        number = 0
        customerId = id
        idempotencyKey = received.method == "POST" ? received.headers["idempotency-key"] : nil
        let scheme = "Bearer "
        apiKey = String((received.headers["authorization"] ?? "").trimmingPrefix(scheme))
        query = received.query
        form = received.form
        identity = received.method + received.path + String(decoding: received.body, as: UTF8.self)
    }
}
