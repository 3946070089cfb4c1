/// The methods about customers at Stripe, in the order in which they are published.
enum Customers {
    static let methods: [any ServiceMethod.Type] = [
        CreateCustomer.self, UpdateCustomer.self, GetCustomer.self, GetCustomerByEmail.self, DeleteCustomer.self,
        ArchiveCustomer.self, RestoreCustomer.self, SyncCustomerWithUser.self, EnsureCustomerExists.self,
        ListCustomers.self,
    ]
}
