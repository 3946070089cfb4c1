package import Environment
package import JSON

/// A customer as far as a reconciliation remembers it.
package struct ListedCustomer: Sendable {
    package var id: String
    /// The user whom it names.
    package var owner: String?
    /// Seconds since 1970.
    package var created: Int64
    package var isArchived: Bool
    package var claim: Claim

    /// Whether the user whom it names may have it.
    package enum Claim: String, Sendable {
        case sure
        /// Nothing shows that it is this application's.
        case open
        /// It is another application's: no user's here, and no finding.
        case anothers
    }

    package init(id: String, owner: String?, created: Int64, isArchived: Bool, claim: Claim) {
        self.id = id
        self.owner = owner
        self.created = created
        self.isArchived = isArchived
        self.claim = claim
    }
}

/// A user and what was listed of customers that are or could be its.
package struct UserFacts: Sendable {
    package var user: User
    /// Its customer was in Stripe's list.
    package var isListed: Bool
    package var isArchived: Bool
    /// Somebody is working on it at this moment.
    package var isBusy: Bool
    /// Living customers that name the user, its own left out and those of other users too; the oldest first.
    package var others: [String]
    /// Why the user is parked, if it is.
    package var parkedFor: String?

    package init(user: User, isListed: Bool, isArchived: Bool, isBusy: Bool, others: [String], parkedFor: String?) {
        self.user = user
        self.isListed = isListed
        self.isArchived = isArchived
        self.isBusy = isBusy
        self.others = others
        self.parkedFor = parkedFor
    }
}

/// A link, with what is known of it.
package struct LinkFacts: Sendable {
    package var user: User
    package var synced: SyncedProfile?
    package var syncedAt: Milliseconds
    package var isArchived: Bool
    package var isBusy: Bool
    /// The fields that one side refuses.
    package var refused: [RefusedField]

    package init(
        user: User, synced: SyncedProfile?, syncedAt: Milliseconds, isArchived: Bool, isBusy: Bool,
        refused: [RefusedField]
    ) {
        self.user = user
        self.synced = synced
        self.syncedAt = syncedAt
        self.isArchived = isArchived
        self.isBusy = isBusy
        self.refused = refused
    }
}

/// What a reconciliation keeps on disk, so that memory stays constant and a killed one goes on where it was.
extension CustomerStore {
    private static let progressName = "reconcile"

    /// How far the reconciliation that was not finished has come.
    package func reconcileProgress() async throws(StoreError) -> JSONObject? {
        try await setting(Self.progressName).map { storedObject($0) }
    }

    /// Forgets what an earlier one has found. Called at the begin and at the end.
    package func clearReconciliation() async throws(StoreError) {
        try await write { rows throws(StoreError) in
            try rows.set(Self.progressName, to: nil)
            try rows.clearReconciliation()
        }
    }

    /// One step: what was listed, what was found, and how far it has come, in one transaction.
    /// - Parameter findings: What each is about and what is reported, by kind.
    package func recordReconciled(
        _ customers: [ListedCustomer] = [], findings: [(kind: String, subject: String, finding: JSONObject)],
        progress: JSONObject
    ) async throws(StoreError) {
        try await write { rows throws(StoreError) in
            for customer in customers { try rows.putListed(customer) }
            for entry in findings { try rows.putFinding(entry.finding, kind: entry.kind, subject: entry.subject) }
            try rows.set(Self.progressName, to: storedJSON(progress))
        }
    }

    /// How many findings there are of each kind, and how many of all are repaired.
    package func findingCounts() async throws(StoreError) -> (byKind: [(kind: String, count: Int)], fixed: Int) {
        try await read { rows throws(StoreError) in
            let counts = try rows.findingCounts()
            return (counts.map { ($0.kind, $0.count) }, counts.reduce(0) { $0 + $1.fixed })
        }
    }

    package func findings(limit: Int) async throws(StoreError) -> [JSONObject] {
        try await read { rows throws(StoreError) in try rows.findings(limit: limit) }
    }

    // MARK: Walking

    /// The links to these customers, by customer.
    package func links(to customerIds: [String]) async throws(StoreError) -> [String: LinkFacts] {
        try await read { rows throws(StoreError) in
            var links: [String: LinkFacts] = [:]
            for id in customerIds { links[id] = try rows.linkFacts(of: id) }
            return links
        }
    }

    /// Users in the order of their ids.
    package func userFacts(after id: String?, limit: Int) async throws(StoreError) -> [UserFacts] {
        try await read { rows throws(StoreError) in try rows.userFacts(after: id, limit: limit) }
    }

    package func userFacts(of id: String) async throws(StoreError) -> UserFacts? {
        try await read { rows throws(StoreError) in try rows.userFacts(of: id) }
    }

    /// Customers that are no user's and of whom no user's turn tells: they name none, or one who is not there, or one from
    /// whom the host took them, or nothing shows that they are this application's.
    package func orphans(after id: String?, limit: Int) async throws(StoreError) -> [ListedCustomer] {
        try await read { rows throws(StoreError) in try rows.orphans(after: id, limit: limit) }
    }

    /// Those of these customers with which something has been done here since an event of the audit log.
    package func customersTouched(
        _ customerIds: [String], since sequence: Int64
    ) async throws(StoreError) -> Set<String> {
        try await read { rows throws(StoreError) in
            var touched: Set<String> = []
            for id in customerIds where try rows.isTouched(id, since: sequence) { touched.insert(id) }
            return touched
        }
    }
}
