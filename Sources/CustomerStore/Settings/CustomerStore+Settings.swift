import SQLite

/// Single facts that outlive the process, such as how far a long task has come.
extension CustomerStore {
    package func setting(_ name: String) async throws(StoreError) -> String? {
        try await read { connection throws(StoreError) in
            try connection.row("SELECT value FROM settings WHERE name = ?", [.text(name)])?.text(0)
        }
    }

    /// - Parameter value: `nil` removes the setting.
    package func set(_ name: String, to value: String?) async throws(StoreError) {
        try await write { connection throws(StoreError) in try Self.set(name, to: value, &connection) }
    }

    static func set(_ name: String, to value: String?, _ connection: inout Connection) throws(StoreError) {
        guard let value else {
            return try connection.change("DELETE FROM settings WHERE name = ?", [.text(name)])
        }
        try connection.change(
            "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [.text(name), .text(value)])
    }
}
