import Environment
import JSON
import SQLite

/// Leases: who works on a user or a customer, across all processes on this database.
///
/// A lease is good while its owner has a row in `processes`; the owner renews that one row for all of its leases. Who is
/// dead loses its row, and its leases with it (`ProcessWatch`).
extension CustomerStore {
    /// Says that this process lives, clears up after those that don't any more, and learns the name that another one may have
    /// given the database. To be called every `leaseRenewal` for as long as it holds leases.
    package func renewLeases() async throws(StoreError) {
        let (watch, audit, time) = (watch, audit, leaseClock.now())
        let renewal = watch.beginRenewal()
        let recorded = try await write { connection throws(StoreError) -> Bool? in
            guard try Self.renew(renewal, at: time, &connection) else { return nil }
            try Self.buryDead(watch, &connection)
            return try Self.recordAbandonedChanges(audit, &connection)
        }
        guard let recorded else {
            watch.lapse(renewal)
            return try await renewLeases()
        }
        watch.finish(renewal)
        if app == nil { _ = try await refreshApp() }
        if recorded { scheduleAnchor() }
    }

    /// Looks for the beats of the others and clears up after who is dead. To be called every `watchInterval`.
    package func watchProcesses() async throws(StoreError) {
        let (watch, audit) = (watch, audit)
        let dead = try await read { connection throws(StoreError) in try Self.dead(watch, &connection) }
        if dead.isEmpty { return }
        let recorded = try await write { connection throws(StoreError) in
            try Self.buryDead(watch, &connection)
            return try Self.recordAbandonedChanges(audit, &connection)
        }
        if recorded { scheduleAnchor() }
    }

    /// Whether the leases that this process takes from now on still stand when it is asked.
    package func leaseFence() -> @Sendable () -> Bool {
        let (watch, owner) = (watch, watch.owner)
        return { watch.stands(owner) }
    }

    /// Gives all leases back, so that other processes need not wait for them to expire.
    package func releaseLeases() async throws(StoreError) {
        let owner = owner
        try await write { connection throws(StoreError) in
            try connection.change("DELETE FROM leases WHERE owner = ?", [.text(owner)])
            try connection.change("DELETE FROM processes WHERE owner = ?", [.text(owner)])
        }
    }

    /// The lease on an address, without the address: a killed process leaves it behind. Every process on the database has
    /// the audit log's key and comes to the same name.
    package func lease(ofAddress email: String) -> LeaseName { .address(hash: audit.key.hash(loweredAddress(email))) }

    /// - Returns: Whether this process has the lease now.
    package func lease(_ name: LeaseName) async throws(StoreError) -> Bool {
        let owner = owner
        return try await write { connection throws(StoreError) in try Self.take(name, owner, &connection) }
    }

    package func release(_ name: LeaseName) async throws(StoreError) {
        let owner = owner
        try await write { connection throws(StoreError) in try Self.release(name, owner, &connection) }
    }

    // MARK: Pieces

    static func take(
        _ name: LeaseName, _ owner: String, _ connection: inout Connection
    ) throws(StoreError) -> Bool {
        try connection.row(
            """
            INSERT INTO leases (name, owner) VALUES (?1, ?2)
            ON CONFLICT (name) DO UPDATE SET owner = excluded.owner
            WHERE owner = excluded.owner OR NOT EXISTS (SELECT 1 FROM processes WHERE owner = leases.owner)
            RETURNING 1
            """, [.text(name.text), .text(owner)]) != nil
    }

    static func release(_ name: LeaseName, _ owner: String, _ connection: inout Connection) throws(StoreError) {
        try connection.change("DELETE FROM leases WHERE name = ? AND owner = ?", [.text(name.text), .text(owner)])
    }

    static func holds(_ name: LeaseName, _ owner: String, _ connection: inout Connection) throws(StoreError) -> Bool {
        try connection.row("SELECT 1 FROM leases WHERE name = ? AND owner = ?", [.text(name.text), .text(owner)]) != nil
    }

    /// - Returns: Whether there was a row to be renewed, or there can't have been one.
    private static func renew(
        _ renewal: ProcessWatch.Renewal, at time: Milliseconds, _ connection: inout Connection
    ) throws(StoreError) -> Bool {
        let beat: [SQLiteValue] = [.integer(.random(in: .min ... .max)), .integer(time + Self.leaseDuration)]
        guard renewal.isFirst else {
            return try connection.row(
                "UPDATE processes SET beat = ?, expires_at = ? WHERE owner = ? RETURNING 1",
                beat + [.text(renewal.owner)]) != nil
        }
        try connection.change(
            "INSERT OR REPLACE INTO processes (beat, expires_at, owner, place) VALUES (?, ?, ?, ?)",
            beat + [.text(renewal.owner), SQLiteValue(ProcessPlace.own)])
        return true
    }

    private static func dead(_ watch: ProcessWatch, _ connection: inout Connection) throws(StoreError) -> [String] {
        watch.dead(
            among: try connection.rows(
                "SELECT owner, beat, expires_at, place FROM processes WHERE owner <> ?", [.text(watch.owner)]
            ).map { row in
                ProcessWatch.Sighting(
                    owner: row.text(0) ?? "", beat: [row.integer(1) ?? 0, row.integer(2) ?? 0], place: row.text(3))
            })
    }

    private static func buryDead(_ watch: ProcessWatch, _ connection: inout Connection) throws(StoreError) {
        for owner in try dead(watch, &connection) {
            try connection.change("DELETE FROM processes WHERE owner = ?", [.text(owner)])
        }
        try connection.change("DELETE FROM leases WHERE owner NOT IN (SELECT owner FROM processes)")
    }
}

/// What a lease is for.
package enum LeaseName: Sendable, Hashable {
    /// To link, create or sync the customer of this user.
    case user(String)
    /// To change this customer at Stripe.
    case customer(String)
    /// To create a customer of an address that no user stands behind: `CustomerStore.lease(ofAddress:)`.
    case address(hash: String)
    /// To do something that one process does for all.
    case duty(String)

    package var text: String {
        switch self {
        case .user(let id): "user:" + id
        case .customer(let id): "customer:" + id
        case .address(let hash): "address:" + hash
        case .duty(let name): "duty:" + name
        }
    }
}
