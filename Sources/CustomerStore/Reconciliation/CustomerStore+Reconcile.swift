package import Environment
package import JSON
import SQLite

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
}

/// A link, with what is known of it.
package struct LinkFacts: Sendable {
    package var user: User
    package var synced: SyncedProfile?
    package var syncedAt: Milliseconds
    package var isArchived: Bool
    package var isBusy: Bool
    /// The fields that one side refuses.
    package var refused: [RefusedField] = []
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
        try await write { connection throws(StoreError) in
            try Self.set(Self.progressName, to: nil, &connection)
            try connection.change("DELETE FROM reconcile_customers")
            try connection.change("DELETE FROM reconcile_findings")
        }
    }

    /// One step: what was listed, what was found, and how far it has come, in one transaction.
    /// - Parameter findings: What each is about and what is reported, by kind.
    package func recordReconciled(
        _ customers: [ListedCustomer] = [], findings: [(kind: String, subject: String, finding: JSONObject)],
        progress: JSONObject
    ) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            for customer in customers {
                try connection.change(
                    """
                    INSERT INTO reconcile_customers (customer_id, owner, created, archived, claim)
                    VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (customer_id) DO UPDATE SET
                        owner = excluded.owner, archived = excluded.archived, claim = excluded.claim
                    """,
                    [
                        .text(customer.id), SQLiteValue(customer.owner), .integer(customer.created),
                        SQLiteValue(customer.isArchived), .text(customer.claim.rawValue),
                    ])
            }
            for entry in findings {
                try connection.change(
                    """
                    INSERT INTO reconcile_findings (kind, subject, finding) VALUES (?, ?, ?)
                    ON CONFLICT (kind, subject) DO UPDATE SET finding = excluded.finding
                    """, [.text(entry.kind), .text(entry.subject), .text(storedJSON(entry.finding))])
            }
            try Self.set(Self.progressName, to: storedJSON(progress), &connection)
        }
    }

    /// How many findings there are of each kind, and how many of all are repaired.
    package func findingCounts() async throws(StoreError) -> (byKind: [(kind: String, count: Int)], fixed: Int) {
        try await read { connection throws(StoreError) in
            let rows = try connection.rows(
                """
                SELECT kind, count(*), sum(json_extract(finding, '$.fixed') IS 1) FROM reconcile_findings
                GROUP BY kind ORDER BY kind
                """)
            return (
                rows.map { ($0.text(0) ?? "", Int($0.integer(1) ?? 0)) },
                rows.reduce(0) { $0 + Int($1.integer(2) ?? 0) }
            )
        }
    }

    package func findings(limit: Int) async throws(StoreError) -> [JSONObject] {
        try await read { connection throws(StoreError) in
            try connection.rows(
                "SELECT finding FROM reconcile_findings ORDER BY kind, subject LIMIT ?", [SQLiteValue(limit)]
            ).map { storedObject($0.text(0)) }
        }
    }

    // MARK: Walking

    package func userCount() async throws(StoreError) -> Int {
        try await read { connection throws(StoreError) in
            Int(try connection.row("SELECT count(*) FROM users")?.integer(0) ?? 0)
        }
    }

    /// The links to these customers, by customer.
    package func links(to customerIds: [String]) async throws(StoreError) -> [String: LinkFacts] {
        return try await read { connection throws(StoreError) in
            var links: [String: LinkFacts] = [:]
            for id in customerIds {
                let row = try connection.row(
                    """
                    SELECT \(User.columns), profile, edits, synced_at,
                        EXISTS (SELECT 1 FROM archived_customers WHERE customer_id = ?1), \(Self.isBusy)
                    FROM users LEFT JOIN synced_profiles ON user_id = CAST(id AS TEXT) AND customer_id = ?1
                    WHERE stripe_customer_id = ?1
                    """, [.text(id)])
                guard let row else { continue }
                links[id] = LinkFacts(
                    user: User(row: row),
                    synced: row.text(6).map {
                        SyncedProfile(profile: storedObject($0), edits: storedObject(row.text(7)))
                    },
                    syncedAt: row.integer(8) ?? 0, isArchived: row.bool(9), isBusy: row.bool(10),
                    refused: try Self.refusedFields(of: User(row: row).id, &connection))
            }
            return links
        }
    }

    /// Users in the order of their ids.
    package func userFacts(after id: String?, limit: Int) async throws(StoreError) -> [UserFacts] {
        try await userFacts(where: id == nil ? "?1 IS NULL" : "id > ?1", id, limit: limit)
    }

    package func userFacts(of id: String) async throws(StoreError) -> UserFacts? {
        try await userFacts(where: "id = ?1", id, limit: 1).first
    }

    private func userFacts(
        where condition: String, _ id: String?, limit: Int
    ) async throws(StoreError) -> [UserFacts] {
        return try await read { connection throws(StoreError) in
            let rows = try connection.rows(
                """
                SELECT \(User.columns),
                    EXISTS (SELECT 1 FROM reconcile_customers WHERE customer_id = stripe_customer_id),
                    EXISTS (SELECT 1 FROM archived_customers WHERE customer_id = stripe_customer_id), \(Self.isBusy),
                    (SELECT error FROM sync_queue WHERE user_id = CAST(id AS TEXT) AND parked = 1)
                FROM users WHERE \(condition) ORDER BY id LIMIT ?2
                """, [SQLiteValue(id), SQLiteValue(limit)])
            var facts: [UserFacts] = []
            for row in rows {
                let user = User(row: row)
                let others = try connection.rows(
                    """
                    SELECT customer_id FROM reconcile_customers
                    WHERE owner = ?1 AND claim = 'sure' AND customer_id IS NOT ?2 AND \(Self.isOpen)
                        AND NOT EXISTS (SELECT 1 FROM unlinked_customers WHERE customer_id = reconcile_customers.customer_id)
                    ORDER BY created, customer_id
                    """, [.text(user.id), SQLiteValue(user.customerId)])
                facts.append(
                    UserFacts(
                        user: user, isListed: row.bool(6), isArchived: row.bool(7), isBusy: row.bool(8),
                        others: others.compactMap { $0.text(0) }, parkedFor: row.text(9)))
            }
            return facts
        }
    }

    /// Customers that are no user's and of whom no user's turn tells: they name none, or one who is not there, or one from
    /// whom the host took them, or nothing shows that they are this application's.
    package func orphans(after id: String?, limit: Int) async throws(StoreError) -> [ListedCustomer] {
        try await read { connection throws(StoreError) in
            try connection.rows(
                """
                SELECT customer_id, owner, created, claim FROM reconcile_customers
                WHERE customer_id > ?1 AND \(Self.isOpen) AND (
                    owner IS NULL OR NOT EXISTS (
                        SELECT 1 FROM users WHERE users.id = owner AND CAST(users.id AS TEXT) = owner)
                    OR claim = 'open'
                    OR EXISTS (SELECT 1 FROM unlinked_customers WHERE customer_id = reconcile_customers.customer_id))
                ORDER BY customer_id LIMIT ?2
                """, [.text(id ?? ""), SQLiteValue(limit)]
            ).map { row in
                ListedCustomer(
                    id: row.text(0) ?? "", owner: row.text(1), created: row.integer(2) ?? 0, isArchived: false,
                    claim: row.text(3).flatMap(ListedCustomer.Claim.init) ?? .open)
            }
        }
    }

    /// Those of these customers with which something has been done here since an event of the audit log.
    package func customersTouched(
        _ customerIds: [String], since sequence: Int64
    ) async throws(StoreError) -> Set<String> {
        try await read { connection throws(StoreError) in
            var touched: Set<String> = []
            for id in customerIds {
                let event = try connection.row(
                    "SELECT 1 FROM audit_events WHERE customer_id = ? AND sequence > ?",
                    [.text(id), .integer(sequence)])
                if event != nil { touched.insert(id) }
            }
            return touched
        }
    }

    /// The users of these ids, by id.
    package func users(_ ids: Set<String>) async throws(StoreError) -> [String: User] {
        try await read { connection throws(StoreError) in
            var users: [String: User] = [:]
            for id in ids { users[id] = try Self.user(id, &connection) }
            return users
        }
    }

    /// Nobody's, no other application's, neither archived nor about to be archived or deleted, be it once a create that is under way has ended.
    private static let isOpen = """
        archived = 0 AND claim <> 'anothers'
            AND NOT EXISTS (SELECT 1 FROM archived_customers WHERE customer_id = reconcile_customers.customer_id)
            AND NOT EXISTS (SELECT 1 FROM users WHERE stripe_customer_id = reconcile_customers.customer_id)
            AND NOT EXISTS (SELECT 1 FROM disposals WHERE customer_id = reconcile_customers.customer_id)
            AND NOT EXISTS (SELECT 1 FROM customer_news
                WHERE customer_id = reconcile_customers.customer_id AND deleted = 1)
            AND NOT EXISTS (SELECT 1 FROM create_intents
                WHERE user_id = reconcile_customers.owner AND state = 'pending' AND disposal IS NOT NULL)
        """

    /// Somebody is working on the user.
    private static let isBusy = """
        EXISTS (SELECT 1 FROM leases JOIN processes USING (owner) WHERE name = 'user:' || CAST(id AS TEXT))
        """
}
