import JSON
import SQLite

/// https://docs.stripe.com/api/events
extension Call {
    /// "You can access events … up to 30 days", in seconds.
    private static let eventAgeMax: Int64 = 30 * 86_400

    /// Records a change that this call made; `request` in it lets a client tell the echo of its own writes.
    func record(
        _ type: String, _ object: JSONObject, previous: JSONObject? = nil, in connection: inout Connection
    ) throws {
        let id = try freshID("evt_", length: 24, in: "event", &connection)
        var data: JSONObject = ["object": .object(object)]
        if let previous { data["previous_attributes"] = .object(previous) }
        let event: JSONValue = [
            "id": .string(id), "object": "event", "api_version": .string(version),
            "created": .number(JSONNumber(now)), "data": .object(data), "livemode": .bool(livemode),
            "pending_webhooks": 0,
            "request": [
                "id": .string(requestID), "idempotency_key": request.idempotencyKey.map(JSONValue.string) ?? .null,
            ],
            "type": .string(type),
        ]
        try connection.execute(
            "INSERT INTO event (account, id, created, type, object) VALUES (?, ?, ?, ?, ?)",
            [account, .text(id), .integer(now), .text(type), .text(event.text)])
        try connection.execute(
            "DELETE FROM event WHERE account = ? AND created < ?", [account, .integer(now - Self.eventAgeMax)])
    }

    func listEvents() throws(StripeFailure) -> Execution {
        try request.allow(Pagination.parameters + ["created", "delivery_success", "type", "types"])
        let page = try Pagination(request.parameters)
        var events = Listing("event", kind: "event", account: account)
        // "A specific event name, or group of events using * as a wildcard."
        if let type = request.parameters["type"]?.text {
            events.filter(type.utf8.contains(UInt8(ascii: "*")) ? "type GLOB ?" : "type = ?", [.text(type)])
        }
        if let types = request.parameters["types"]?.fields?.texts {
            let list = JSONValue.array(types.map(JSONValue.string)).text
            events.filter("type IN (SELECT value FROM json_each(?))", [.text(list)])
        }
        try events.filterCreated(request.parameters["created"])
        return { [events] connection in try events.page(page, url: "/v1/events", &connection) }
    }

    func retrieveEvent(_ id: String) throws(StripeFailure) -> Execution {
        try request.allow(["expand"])
        return { connection in
            let row = try connection.first(
                "SELECT object FROM event WHERE account = ? AND id = ?", [account, .text(id)])
            guard let object = row?.text(0) else { throw StripeFailure.missing("event", id) }
            return object
        }
    }
}
