package import CustomerStore
package import Environment

extension SQLTransaction {
    package func take(_ lease: LeaseName, owner: String) throws(StoreError) -> Bool {
        try has(
            """
            INSERT INTO leases (name, owner) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET owner = excluded.owner
            WHERE leases.owner = excluded.owner OR NOT EXISTS (SELECT 1 FROM processes WHERE owner = leases.owner)
            RETURNING 1
            """, [.text(lease.text), .text(owner)])
    }

    package func release(_ lease: LeaseName, owner: String) throws(StoreError) {
        try change("DELETE FROM leases WHERE name = $1 AND owner = $2", [.text(lease.text), .text(owner)])
    }

    package func holds(_ lease: LeaseName, owner: String) throws(StoreError) -> Bool {
        try has("SELECT 1 FROM leases WHERE name = $1 AND owner = $2", [.text(lease.text), .text(owner)])
    }

    package func putProcess(
        _ owner: String, beat: Int64, expiresAt: Milliseconds, place: String?
    ) throws(StoreError) {
        try change(
            """
            INSERT INTO processes (owner, beat, expires_at, place) VALUES ($1, $2, $3, $4)
            ON CONFLICT (owner) DO UPDATE SET
                beat = excluded.beat, expires_at = excluded.expires_at, place = excluded.place
            """, [.text(owner), .integer(beat), .integer(expiresAt), SQLValue(place)])
    }

    package func renewProcess(_ owner: String, beat: Int64, expiresAt: Milliseconds) throws(StoreError) -> Bool {
        try has(
            "UPDATE processes SET beat = $2, expires_at = $3 WHERE owner = $1 RETURNING 1",
            [.text(owner), .integer(beat), .integer(expiresAt)])
    }

    package func processes(but owner: String) throws(StoreError) -> [ProcessWatch.Sighting] {
        try all("SELECT owner, beat, expires_at, place FROM processes WHERE owner <> $1", [.text(owner)]).map { row in
            ProcessWatch.Sighting(
                owner: row.text(0) ?? "", beat: [row.integer(1) ?? 0, row.integer(2) ?? 0], place: row.text(3))
        }
    }

    package func removeProcess(_ owner: String) throws(StoreError) {
        try change("DELETE FROM processes WHERE owner = $1", [.text(owner)])
    }

    package func releaseAll(of owner: String) throws(StoreError) {
        try change("DELETE FROM leases WHERE owner = $1", [.text(owner)])
    }

    package func releaseAbandoned() throws(StoreError) {
        try change("DELETE FROM leases WHERE owner NOT IN (SELECT owner FROM processes)")
    }

    package func hasDoubtfulTime(
        _ column: TimeColumn, after latest: Milliseconds, among rows: Int
    ) throws(StoreError) -> Bool {
        try has(
            """
            SELECT 1 FROM (SELECT \(column.column) AS time FROM \(column.table) LIMIT $2) AS times
            WHERE time NOT BETWEEN 0 AND $1 LIMIT 1
            """, [.integer(latest), SQLValue(rows)])
    }
}
