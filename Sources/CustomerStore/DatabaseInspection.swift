/// What can be seen of a database before a session begins, without changing a byte of it or making a file beside it.
package struct DatabaseInspection: Sendable {
    /// The migrations that the next start applies.
    package let pending: [String]
    /// The account and mode that it is bound to, as `CustomerStore.bind` names them; `nil` for none yet.
    package let account: String?
    private let keyOwner: String?
    private let app: String?
    /// Why the users table can't serve.
    package let usersFault: StoreError?
    /// `nil` where there is no users table.
    package let userCount: Int?
    /// How many of them have no customer and wait for none; `nil` where that can't be told before the migrations.
    package let unlinkedCount: Int?
    /// What is no reason not to start; empty where the table can't serve.
    package let usersConcerns: [UsersTableConcern]
    /// Whether something was written under an audit key, so that no new one can be made.
    package let needsAuditKey: Bool

    package init(
        pending: [String], account: String?, keyOwner: String?, app: String?, usersFault: StoreError?, userCount: Int?,
        unlinkedCount: Int?, usersConcerns: [UsersTableConcern], needsAuditKey: Bool
    ) {
        self.pending = pending
        self.account = account
        self.keyOwner = keyOwner
        self.app = app
        self.usersFault = usersFault
        self.userCount = userCount
        self.unlinkedCount = unlinkedCount
        self.usersConcerns = usersConcerns
        self.needsAuditKey = needsAuditKey
    }

    /// Why the database is not for this account and key; `nil` if it is, or belongs to nobody yet.
    package func bindingFault(account: String, keyOwner: String?) -> StoreError? {
        CustomerStore.bindingFault(bound: self.account, account: account, owner: self.keyOwner, keyOwner: keyOwner)
    }
}

extension DatabaseInspection {
    /// Why the database is not this application's; `nil` if it is, or belongs to none yet.
    package func applicationFault(_ name: String?) -> StoreError? {
        guard let app, let name, app != name else { return nil }
        return .otherApp(bound: app, given: name)
    }
}
