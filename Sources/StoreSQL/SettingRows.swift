package import CustomerStore

extension SQLTransaction {
    package func setting(_ name: String) throws(StoreError) -> String? {
        try row("SELECT value FROM settings WHERE name = $1", [.text(name)])?.text(0)
    }

    package func set(_ name: String, to value: String?) throws(StoreError) {
        guard let value else { return try change("DELETE FROM settings WHERE name = $1", [.text(name)]) }
        try change(
            """
            INSERT INTO settings (name, value) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """, [.text(name), .text(value)])
    }

    package func setFirst(_ name: String, to value: String) throws(StoreError) {
        try change(
            "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            [.text(name), .text(value)])
    }

    package func countUp(_ name: String) throws(StoreError) -> Int {
        let row = try row(
            """
            INSERT INTO settings (name, value) VALUES ($1, '1')
            ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(settings.value AS INTEGER) + 1 AS TEXT) RETURNING value
            """, [.text(name)])
        return row?.text(0).flatMap { Int($0) } ?? 1
    }
}
