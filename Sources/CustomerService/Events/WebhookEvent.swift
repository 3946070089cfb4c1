import CustomerStore
import Environment
import JSON

/// One of Stripe's events, as far as it concerns customers. https://docs.stripe.com/api/events/object
struct WebhookEvent: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case created = "customer.created"
        case updated = "customer.updated"
        case deleted = "customer.deleted"
    }

    var id: String
    /// As Stripe has it, known here or not.
    var type: String
    /// Seconds since 1970.
    var created: Int64
    /// The time that it gave can't be one, and `created` is when it came.
    var isTimeless = false
    /// The customer as it was right after.
    var customer: JSONObject
    /// What the customer had before, of the fields that changed; `nil` when the event does not tell.
    var previous: JSONObject?
    /// The key of the request that led to it.
    var idempotencyKey: String?
    var isLive: Bool
    /// The connected account in which it happened.
    var account: String?

    /// Of Stripe's newer kind, which names an object and doesn't hold it: https://docs.stripe.com/event-destinations
    static func isThin(_ object: JSONObject) -> Bool { object["object"]?.string?.hasPrefix("v2.") == true }

    func believed(at now: Milliseconds) -> WebhookEvent {
        guard EventMark.believable(created, at: now) == nil else { return self }
        var event = self
        event.created = now / 1000
        event.isTimeless = true
        return event
    }

    /// `nil` when this is no event.
    init?(_ object: JSONObject) {
        guard let id = object["id"]?.string, !id.isEmpty, let type = object["type"]?.string else { return nil }
        self.id = id
        self.type = type
        created = max(0, object["created"]?.int64 ?? 0)
        customer = object["data"]?["object"]?.object ?? [:]
        previous = object["data"]?["previous_attributes"]?.object
        idempotencyKey = object["request"]?["idempotency_key"]?.string
        isLive = object["livemode"]?.bool ?? false
        account = object["account"]?.string
    }

    /// `nil` for what is not acted upon.
    var kind: Kind? {
        guard customer["object"]?.string == "customer", customer["id"]?.string?.isEmpty == false else { return nil }
        return Kind(rawValue: type)
    }

    var mark: EventMark {
        EventMark(eventId: id, customerId: customer["id"]?.string ?? "", created: created)
    }

    /// It tells of what a sync of ours has written, and has recorded. `updateCustomer` has keys of another form: that is a
    /// host changing a customer, an edit of the customer like one in the dashboard.
    var isEcho: Bool {
        SyncKey.allCases.contains { idempotencyKey?.hasPrefix($0.prefix) == true }
    }

    /// The customer as it was before, or `nil` when the event does not tell.
    var before: JSONObject? {
        guard let previous else { return nil }
        var before = customer
        for member in previous.members {
            guard member.name == "metadata", let changed = member.value.object else {
                before[member.name] = member.value
                continue
            }
            // Of the metadata only the names that changed are listed, null where there was none.
            var metadata = before["metadata"]?.object ?? [:]
            for entry in changed.members { metadata[entry.name] = entry.value }
            before["metadata"] = .object(metadata)
        }
        return before
    }
}
