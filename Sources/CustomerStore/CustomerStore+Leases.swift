internal import Environment
internal import SQLite

/// Leases: who works on a user or a customer, across all processes on this database.
///
/// A lease is good while its owner's row in `processes` has not expired; the owner renews that one row for all of its
/// leases. So a killed owner's leases fall to its successors within `leaseDuration`.
extension CustomerStore {
    /// Says that this process lives, and clears up after those that don't any more. To be called every `leaseRenewal` for
    /// as long as it holds leases.
    package func renewLeases() async throws(StoreError) {
        let (owner, now, audit) = (owner, leaseClock.now(), audit)
        let recorded = try await write { connection throws(StoreError) in
            try connection.change(
                """
                INSERT INTO processes (owner, expires_at) VALUES (?, ?)
                ON CONFLICT (owner) DO UPDATE SET expires_at = excluded.expires_at
                """, [.text(owner), .integer(now + Self.leaseDuration)])
            try connection.change(
                "DELETE FROM leases WHERE owner IN (SELECT owner FROM processes WHERE expires_at < ?)", [.integer(now)])
            try connection.change("DELETE FROM processes WHERE expires_at < ?", [.integer(now)])
            return try Self.recordAbandonedChanges(audit, &connection)
        }
        if recorded { scheduleAnchor() }
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
    package func lease(ofAddress email: String) -> LeaseName { .address(hash: audit.key.hash(email.lowercased())) }

    /// - Returns: Whether this process has the lease now.
    package func lease(_ name: LeaseName) async throws(StoreError) -> Bool {
        let (owner, clock) = (owner, leaseClock)
        return try await write { connection throws(StoreError) in
            try Self.take(name, owner, at: clock.now(), &connection)
        }
    }

    package func release(_ name: LeaseName) async throws(StoreError) {
        let owner = owner
        try await write { connection throws(StoreError) in try Self.release(name, owner, &connection) }
    }

    // MARK: Pieces

    static func take(
        _ name: LeaseName, _ owner: String, at now: Milliseconds, _ connection: inout Connection
    ) throws(StoreError) -> Bool {
        try connection.row(
            """
            INSERT INTO leases (name, owner) VALUES (?1, ?2)
            ON CONFLICT (name) DO UPDATE SET owner = excluded.owner
            WHERE owner = excluded.owner
                OR NOT EXISTS (SELECT 1 FROM processes WHERE owner = leases.owner AND expires_at > ?3)
            RETURNING 1
            """, [.text(name.text), .text(owner), .integer(now)]) != nil
    }

    static func release(_ name: LeaseName, _ owner: String, _ connection: inout Connection) throws(StoreError) {
        try connection.change("DELETE FROM leases WHERE name = ? AND owner = ?", [.text(name.text), .text(owner)])
    }

    static func holds(_ name: LeaseName, _ owner: String, _ connection: inout Connection) throws(StoreError) -> Bool {
        try connection.row("SELECT 1 FROM leases WHERE name = ? AND owner = ?", [.text(name.text), .text(owner)]) != nil
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
