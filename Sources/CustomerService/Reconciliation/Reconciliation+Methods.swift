extension Reconciliation {
    /// The methods about users and customers as a whole, in the order in which they are published.
    static let methods: [any ServiceMethod.Type] = [Reconcile.self]
}
