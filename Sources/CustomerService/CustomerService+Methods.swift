extension CustomerService {
    /// The methods that this service answers.
    package var methods: [Method] {
        [
            CreateCustomer.method(of: self), UpdateCustomer.method(of: self), GetCustomer.method(of: self),
            GetCustomerByEmail.method(of: self), DeleteCustomer.method(of: self), ArchiveCustomer.method(of: self),
            RestoreCustomer.method(of: self), SyncCustomerWithUser.method(of: self),
            EnsureCustomerExists.method(of: self), ListCustomers.method(of: self), RegisterUser.method(of: self),
            UpdateUser.method(of: self), GetUser.method(of: self), GetUserByEmail.method(of: self),
            GetUserByCustomerID.method(of: self), ListUsers.method(of: self), DeleteUser.method(of: self),
            LinkCustomer.method(of: self), UnlinkCustomer.method(of: self), SyncAllUsers.method(of: self),
            GetSyncStatus.method(of: self), HandleWebhook.method(of: self), Reconcile.method(of: self),
            ExportUserData.method(of: self), EraseUser.method(of: self), ListAuditEvents.method(of: self),
            VerifyAuditLog.method(of: self), Health.method(of: self),
        ]
    }
}
