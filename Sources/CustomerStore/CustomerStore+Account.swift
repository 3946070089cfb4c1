internal import SQLite

extension CustomerStore {
    /// Binds the database to a Stripe account and mode, or checks that it is bound to this one.
    ///
    /// Ids of one mode or account mean nothing in another, so a database never mixes them.
    /// - Parameter account: Such as `test mode`, `live mode, account acct_…`, `the sandbox`: what the error says.
    /// - Throws: `.wrongAccount` when it belongs to another one.
    package func bind(to account: String) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            try connection.change(
                "INSERT INTO settings (name, value) VALUES ('account', ?) ON CONFLICT (name) DO NOTHING",
                [.text(account)])
            let bound = try connection.row("SELECT value FROM settings WHERE name = 'account'")?.text(0) ?? account
            if bound != account { throw .wrongAccount(bound: bound, given: account) }
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
