package import CustomerStore
package import Environment
package import JSON

extension SQLTransaction {
    package func synced(_ userId: String, with customerId: String) throws(StoreError) -> SyncedProfile? {
        try row("SELECT profile, edits FROM synced_profiles WHERE \(isSynced)", [.text(userId), .text(customerId)])
            .flatMap { SyncedProfile($0, from: 0) }
    }

    package func putSynced(
        _ synced: SyncedProfile, of userId: String, with customerId: String, at now: Milliseconds
    ) throws(StoreError) {
        try change(
            """
            INSERT INTO synced_profiles (user_id, customer_id, profile, edits, synced_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (user_id) DO UPDATE SET
                customer_id = excluded.customer_id, profile = excluded.profile, edits = excluded.edits,
                synced_at = excluded.synced_at
            """,
            [
                .text(userId), .text(customerId), .text(storedJSON(synced.profile)), .text(storedJSON(synced.edits)),
                .integer(now),
            ])
    }

    package func replaceProfile(
        of userId: String, with customerId: String, by profile: JSONObject
    ) throws(StoreError) {
        try change(
            "UPDATE synced_profiles SET profile = $3 WHERE \(isSynced)",
            [.text(userId), .text(customerId), .text(storedJSON(profile))])
    }

    package func replaceSynced(
        of userId: String, with customerId: String, by synced: SyncedProfile
    ) throws(StoreError) {
        try change(
            "UPDATE synced_profiles SET profile = $3, edits = $4 WHERE \(isSynced)",
            [.text(userId), .text(customerId), .text(storedJSON(synced.profile)), .text(storedJSON(synced.edits))])
    }

    package func isInUse(_ customerId: String, by userId: String) throws(StoreError) -> Bool {
        try has(
            """
            SELECT 1 FROM users WHERE \(hasID) AND stripe_customer_id = $2
                AND NOT EXISTS (SELECT 1 FROM archived_customers WHERE customer_id = $2)
                AND NOT EXISTS (SELECT 1 FROM disposals WHERE customer_id = $2)
            """, [.text(userId), .text(customerId)])
    }
}

private let isSynced = "user_id = $1 AND customer_id = $2"
