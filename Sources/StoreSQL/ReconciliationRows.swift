package import CustomerStore
package import JSON

extension SQLTransaction {
    package func clearReconciliation() throws(StoreError) {
        try change("DELETE FROM reconcile_customers")
        try change("DELETE FROM reconcile_findings")
    }

    package func putListed(_ customer: ListedCustomer) throws(StoreError) {
        try change(
            """
            INSERT INTO reconcile_customers (customer_id, owner, created, archived, claim) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (customer_id) DO UPDATE SET
                owner = excluded.owner, archived = excluded.archived, claim = excluded.claim
            """,
            [
                .text(customer.id), SQLValue(customer.owner), .integer(customer.created),
                SQLValue(customer.isArchived), .text(customer.claim.rawValue),
            ])
    }

    package func putFinding(_ finding: JSONObject, kind: String, subject: String) throws(StoreError) {
        try change(
            """
            INSERT INTO reconcile_findings (kind, subject, finding) VALUES ($1, $2, $3)
            ON CONFLICT (kind, subject) DO UPDATE SET finding = excluded.finding
            """, [.text(kind), .text(subject), .text(storedJSON(finding))])
    }

    package func findingCounts() throws(StoreError) -> [(kind: String, count: Int, fixed: Int)] {
        try all(
            """
            SELECT kind, count(*), sum(\(Self.jsonFlag("finding", "fixed"))) FROM reconcile_findings
            GROUP BY kind ORDER BY kind
            """
        ).map { ($0.text(0) ?? "", Int($0.integer(1) ?? 0), Int($0.integer(2) ?? 0)) }
    }

    package func findings(limit: Int) throws(StoreError) -> [JSONObject] {
        try all("SELECT finding FROM reconcile_findings ORDER BY kind, subject LIMIT $1", [SQLValue(limit)])
            .map { storedObject($0.text(0)) }
    }

    // MARK: Walking

    package func linkFacts(of customerId: String) throws(StoreError) -> LinkFacts? {
        let found = try all(
            """
            SELECT \(userColumns), synced.profile, synced.edits, synced.synced_at,
                EXISTS (SELECT 1 FROM archived_customers WHERE customer_id = $1), \(isBusy), \(refusedColumns)
            FROM users
                LEFT JOIN synced_profiles AS synced
                    ON synced.user_id = CAST(users.id AS TEXT) AND synced.customer_id = $1
                LEFT JOIN stripe_customers_refused_fields AS refused ON refused.user_id = CAST(users.id AS TEXT)
            WHERE users.stripe_customer_id = $1
            """, [.text(customerId)])
        return found.first.map { row in
            LinkFacts(
                user: User(row), synced: SyncedProfile(row, from: 6), syncedAt: row.integer(8) ?? 0,
                isArchived: row.bool(9), isBusy: row.bool(10),
                refused: found.compactMap { RefusedField($0, from: 11) })
        }
    }

    package func userFacts(after id: String?, limit: Int) throws(StoreError) -> [UserFacts] {
        let filter = id == nil ? "" : "WHERE users.id > $2"
        return try userFacts(filter, [SQLValue(limit)] + (id.map { [.text($0)] } ?? []))
    }

    package func userFacts(of id: String) throws(StoreError) -> UserFacts? {
        try userFacts("WHERE users.id = $2", [.integer(1), .text(id)]).first
    }

    private func userFacts(_ filter: String, _ arguments: [SQLValue]) throws(StoreError) -> [UserFacts] {
        let users = try all(
            """
            SELECT \(userColumns),
                EXISTS (SELECT 1 FROM reconcile_customers WHERE customer_id = stripe_customer_id),
                EXISTS (SELECT 1 FROM archived_customers WHERE customer_id = stripe_customer_id), \(isBusy),
                (SELECT error FROM sync_queue WHERE user_id = CAST(users.id AS TEXT) AND parked = 1)
            FROM users \(filter) ORDER BY users.id LIMIT $1
            """, arguments)
        var facts: [UserFacts] = []
        for row in users {
            let user = User(row)
            facts.append(
                UserFacts(
                    user: user, isListed: row.bool(6), isArchived: row.bool(7), isBusy: row.bool(8),
                    others: try others(than: user.customerId, of: user.id), parkedFor: row.text(9)))
        }
        return facts
    }

    private func others(than customerId: String?, of userId: String) throws(StoreError) -> [String] {
        try texts(
            """
            SELECT customer_id FROM reconcile_customers
            WHERE owner = $1 AND claim = 'sure' AND customer_id <> $2 AND \(isOpen)
                AND NOT EXISTS (SELECT 1 FROM unlinked_customers WHERE customer_id = reconcile_customers.customer_id)
            ORDER BY created, customer_id
            """, [.text(userId), .text(customerId ?? "")])
    }

    package func orphans(after id: String?, limit: Int) throws(StoreError) -> [ListedCustomer] {
        try all(
            """
            SELECT customer_id, owner, created, claim FROM reconcile_customers
            WHERE customer_id > $1 AND \(isOpen) AND (
                owner IS NULL OR NOT EXISTS (
                    SELECT 1 FROM users WHERE users.id = owner AND CAST(users.id AS TEXT) = owner)
                OR claim = 'open'
                OR EXISTS (SELECT 1 FROM unlinked_customers WHERE customer_id = reconcile_customers.customer_id))
            ORDER BY customer_id LIMIT $2
            """, [.text(id ?? ""), SQLValue(limit)]
        ).map { row in
            ListedCustomer(
                id: row.text(0) ?? "", owner: row.text(1), created: row.integer(2) ?? 0, isArchived: false,
                claim: row.text(3).flatMap(ListedCustomer.Claim.init) ?? .open)
        }
    }

    package func isTouched(_ customerId: String, since sequence: Int64) throws(StoreError) -> Bool {
        try has(
            "SELECT 1 FROM audit_events WHERE customer_id = $1 AND sequence > $2 LIMIT 1",
            [.text(customerId), .integer(sequence)])
    }
}

/// Nobody's, no other application's, neither archived nor about to be archived or deleted, be it once a create that is under
/// way has ended.
private let isOpen = """
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
private let isBusy = """
    EXISTS (SELECT 1 FROM leases JOIN processes USING (owner) WHERE name = 'user:' || CAST(users.id AS TEXT))
    """
