package import Interface

extension CustomerService {
    private static let families: [[any ServiceMethod.Type]] = [
        Customers.methods, Users.methods, Sync.methods, Privacy.methods, Events.methods, Reconciliation.methods,
        Audit.methods, Process.methods,
    ]

    /// What can be called, without a service to call it on.
    package static let description = ServiceDescription(families.joined().map { $0.declaration })

    /// The methods that this service answers.
    package var methods: [Method] { Self.families.joined().map { $0.method(of: self) } }
}
