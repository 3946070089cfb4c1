import CustomerStore

/// What an event did here.
struct WebhookOutcome: Encodable, Sendable {
    var handled: Bool
    var eventId: String
    var type: String
    var effect: EventEffect
    /// Of a duplicate: what the event did when it came first.
    var firstEffect: EventEffect?
    var userId: String?
    var customerId: String?

    init(_ event: WebhookEvent, handled: Bool = true, _ effect: EventEffect, _ userId: String? = nil) {
        self.handled = handled
        eventId = event.id
        type = event.type
        self.effect = effect
        self.userId = userId
        customerId = userId == nil ? nil : event.mark.customerId
    }

    init(_ event: WebhookEvent, repeating first: SeenEvent) {
        self.init(event, .duplicate, first.userId)
        firstEffect = first.effect
    }
}
