/// The methods about Stripe's events, in the order in which they are published.
enum Events {
    static let methods: [any ServiceMethod.Type] = [HandleWebhook.self]
}
