import Environment
import JSON

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
        let recorded = try await write { rows throws(StoreError) -> Bool? in
            guard try Self.renew(renewal, at: time, rows) else { return nil }
            try Self.buryDead(watch, rows)
            return try Self.recordAbandonedChanges(audit, rows)
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
        let dead = try await read { rows throws(StoreError) in try Self.dead(watch, rows) }
        if dead.isEmpty { return }
        let recorded = try await write { rows throws(StoreError) in
            try Self.buryDead(watch, rows)
            return try Self.recordAbandonedChanges(audit, rows)
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
        try await write { rows throws(StoreError) in
            try rows.releaseAll(of: owner)
            try rows.removeProcess(owner)
        }
    }

    /// The lease on an address, without the address: a killed process leaves it behind. Every process on the database has
    /// the audit log's key and comes to the same name.
    package func lease(ofAddress email: String) -> LeaseName { .address(hash: audit.key.hash(loweredAddress(email))) }

    /// - Returns: Whether this process has the lease now.
    package func lease(_ name: LeaseName) async throws(StoreError) -> Bool {
        let owner = owner
        return try await write { rows throws(StoreError) in try rows.take(name, owner: owner) }
    }

    package func release(_ name: LeaseName) async throws(StoreError) {
        let owner = owner
        try await write { rows throws(StoreError) in try rows.release(name, owner: owner) }
    }

    // MARK: Pieces

    /// - Returns: Whether there was a row to be renewed, or there can't have been one.
    private static func renew(
        _ renewal: ProcessWatch.Renewal, at time: Milliseconds, _ rows: any StoreTransaction
    ) throws(StoreError) -> Bool {
        let (beat, expiresAt) = (Int64.random(in: .min ... .max), time + Self.leaseDuration)
        guard renewal.isFirst else { return try rows.renewProcess(renewal.owner, beat: beat, expiresAt: expiresAt) }
        try rows.putProcess(renewal.owner, beat: beat, expiresAt: expiresAt, place: ProcessPlace.own)
        return true
    }

    private static func dead(_ watch: ProcessWatch, _ rows: any StoreTransaction) throws(StoreError) -> [String] {
        watch.dead(among: try rows.processes(but: watch.owner))
    }

    private static func buryDead(_ watch: ProcessWatch, _ rows: any StoreTransaction) throws(StoreError) {
        for owner in try dead(watch, rows) { try rows.removeProcess(owner) }
        try rows.releaseAbandoned()
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
