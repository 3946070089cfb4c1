import SQLite
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
        try await write { connection throws(StoreError) in
            let bound = try connection.firstValue(account, of: "account")
            if let fault = Self.bindingFault(bound: bound, account: account, owner: nil, keyOwner: nil) { throw fault }
            guard let keyOwner else { return }
            let owner = try connection.firstValue(keyOwner, of: "key_owner")
            if let fault = Self.bindingFault(bound: nil, account: nil, owner: owner, keyOwner: keyOwner) { throw fault }
        }
    }

    /// Whether `bind` is going to be refused; nothing is written.
    static func requireAccount(
        _ account: String?, _ keyOwner: String?, _ connection: inout Connection
    ) throws(StoreError) {
        let table = try connection.row("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'settings'")
        guard table != nil else { return }
        let (bound, owner) = (try connection.value(of: "account"), try connection.value(of: "key_owner"))
        if let fault = bindingFault(bound: bound, account: account, owner: owner, keyOwner: keyOwner) { throw fault }
    }

    /// Why a database that is bound so is not for this account and key; what is `nil` is not known and no reason.
    static func bindingFault(bound: String?, account: String?, owner: String?, keyOwner: String?) -> StoreError? {
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
        let (bound, isNew) = try await write { connection throws(StoreError) in
            try Self.bind(toApp: name, &connection)
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

    static let appName = "app"

    static func bind(
        toApp name: String?, _ connection: inout Connection
    ) throws(StoreError) -> (name: String?, isNew: Bool) {
        let bound = try requireApp(name, &connection)
        guard let name else { return (bound, false) }
        if bound == nil { try set(appName, to: name, &connection) }
        return (name, bound == nil)
    }

    /// Whether `bind(toApp:)` is going to be refused; nothing is written.
    /// - Returns: The name that the database has.
    @discardableResult
    static func requireApp(_ name: String?, _ connection: inout Connection) throws(StoreError) -> String? {
        let table = try connection.row("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'settings'")
        guard table != nil else { return nil }
        let bound = try connection.value(of: appName)
        if let bound, let name, bound != name { throw .otherApp(bound: bound, given: name) }
        return bound
    }

    /// Counts the deterministic sessions on this database, this one included: their identifiers must differ.
    package func beginDeterministicSession() async throws(StoreError) -> Int {
        try await write { connection throws(StoreError) in
            let row = try connection.row(
                """
                INSERT INTO settings (name, value) VALUES ('deterministic_sessions', '1')
                ON CONFLICT (name) DO UPDATE SET value = CAST(value + 1 AS TEXT) RETURNING value
                """)
            return row?.text(0).flatMap { Int($0) } ?? 1
        }
    }
}

extension Connection {
    /// The value that the setting was given first, which is this one if it had none.
    fileprivate mutating func firstValue(_ value: String, of setting: String) throws(StoreError) -> String {
        try change(
            "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
            [.text(setting), .text(value)])
        return try self.value(of: setting) ?? value
    }

    fileprivate mutating func value(of setting: String) throws(StoreError) -> String? {
        try row("SELECT value FROM settings WHERE name = ?", [.text(setting)])?.text(0)
    }
}
