internal import SQLite

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
            if bound != account { throw .wrongAccount(bound: bound, given: account) }
            guard let keyOwner else { return }
            let owner = try connection.firstValue(keyOwner, of: "key_owner")
            if owner != keyOwner { throw .wrongAccount(bound: "the account \(owner)", given: keyOwner) }
        }
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
        return try row("SELECT value FROM settings WHERE name = ?", [.text(setting)])?.text(0) ?? value
    }
}
