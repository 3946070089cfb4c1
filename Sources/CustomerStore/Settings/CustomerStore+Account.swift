import Synchronization

extension CustomerStore {
    /// Binds the database to a Stripe account and mode, or checks that it is bound to this one.
    ///
    /// Ids of one mode or account mean nothing in another, so a database never mixes them.
    /// - Parameters:
    ///   - account: Such as `test mode`, `live mode, account acct_…`, `the sandbox`: what the error says.
    ///   - keyOwner: The `acct_…` whose key it is, where that is known; the first that is known counts.
    /// - Throws: `.wrongAccount` when it belongs to another one.
    package func bind(to account: String, keyOwner: String? = nil) async throws(StoreError) {
        try await write { rows throws(StoreError) in
            let bound = try Self.firstValue(account, of: "account", rows)
            if let fault = Self.bindingFault(bound: bound, account: account, owner: nil, keyOwner: nil) { throw fault }
            guard let keyOwner else { return }
            let owner = try Self.firstValue(keyOwner, of: "key_owner", rows)
            if let fault = Self.bindingFault(bound: nil, account: nil, owner: owner, keyOwner: keyOwner) { throw fault }
        }
    }

    /// Whether `bind` is going to be refused; nothing is written.
    package static func requireAccount(
        _ account: String?, _ keyOwner: String?, _ rows: any StoreTransaction
    ) throws(StoreError) {
        let (bound, owner) = (try rows.setting("account"), try rows.setting("key_owner"))
        if let fault = bindingFault(bound: bound, account: account, owner: owner, keyOwner: keyOwner) { throw fault }
    }

    /// Why a database that is bound so is not for this account and key; what is `nil` is not known and no reason.
    package static func bindingFault(
        bound: String?, account: String?, owner: String?, keyOwner: String?
    ) -> StoreError? {
        if let bound, let account, bound != account { return .wrongAccount(bound: bound, given: account) }
        if let owner, let keyOwner, owner != keyOwner {
            return .wrongAccount(bound: "the account \(owner)", given: keyOwner)
        }
        return nil
    }

    /// The name of the application that the database belongs to; `nil` while it has none.
    package var app: String? { application.withLock { $0 } }

    /// Gives the database the name of its application, or checks that it has this one. It keeps the first for good: by it
    /// the customers at Stripe are known.
    /// - Parameter name: `nil` for whatever it has.
    /// - Returns: Whether it is new.
    /// - Throws: `.otherApp` when it has another one.
    package func bind(toApp name: String?) async throws(StoreError) -> Bool {
        let (bound, isNew) = try await write { rows throws(StoreError) in
            try Self.bind(toApp: name, rows)
        }
        application.withLock { $0 = bound }
        return isNew
    }

    /// What another process may have named it since this one was started.
    package func refreshApp() async throws(StoreError) -> String? {
        let name = try await setting(Self.appName)
        application.withLock { $0 = name }
        return name
    }

    package static let appName = "app"

    package static func bind(
        toApp name: String?, _ rows: any StoreTransaction
    ) throws(StoreError) -> (name: String?, isNew: Bool) {
        let bound = try requireApp(name, rows)
        guard let name else { return (bound, false) }
        if bound == nil { try rows.set(appName, to: name) }
        return (name, bound == nil)
    }

    /// Whether `bind(toApp:)` is going to be refused; nothing is written.
    /// - Returns: The name that the database has.
    @discardableResult
    package static func requireApp(_ name: String?, _ rows: any StoreTransaction) throws(StoreError) -> String? {
        let bound = try rows.setting(appName)
        if let bound, let name, bound != name { throw .otherApp(bound: bound, given: name) }
        return bound
    }

    /// Counts the deterministic sessions on this database, this one included: their identifiers must differ.
    package func beginDeterministicSession() async throws(StoreError) -> Int {
        try await write { rows throws(StoreError) in try rows.countUp("deterministic_sessions") }
    }

    /// The value that the setting was given first, which is this one if it had none.
    private static func firstValue(
        _ value: String, of setting: String, _ rows: any StoreTransaction
    ) throws(StoreError) -> String {
        try rows.setFirst(setting, to: value)
        return try rows.setting(setting) ?? value
    }
}
