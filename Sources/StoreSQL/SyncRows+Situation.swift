package import CustomerStore
import JSON

extension SQLTransaction {
    package func situation(of userId: String) throws(StoreError) -> Situation {
        let found = try all(situationText, [.text(userId)])
        guard let row = found.first else {
            return Situation(user: nil, intent: nil, change: nil, synced: nil, isArchived: false, refused: [])
        }
        return Situation(
            user: row.text(0) == nil ? nil : User(row), intent: CreateIntent(row, from: 6, of: userId),
            change: row.text(14).map { QueuedChange(id: $0, attempts: Int(row.integer(15) ?? 0)) },
            synced: SyncedProfile(row, from: 16), isArchived: row.bool(18),
            // One row for each.
            refused: found.compactMap { RefusedField($0, from: 19) })
    }
}

let situationText = """
    SELECT \(userColumns),
        intent.generation, intent.idempotency_key, intent.fields, intent.created_at, intent.server_failures,
        intent.disposal, intent.vouched_email, intent.missed_at, entry.change_id, entry.attempts,
        synced.profile, synced.edits,
        CASE WHEN archived.customer_id IS NULL THEN 0 ELSE 1 END, \(refusedColumns)
    FROM (SELECT 1 AS one) AS start
        LEFT JOIN users ON \(hasID)
        LEFT JOIN create_intents AS intent ON intent.user_id = $1 AND intent.state = 'pending'
        LEFT JOIN sync_queue AS entry ON entry.user_id = $1
        LEFT JOIN synced_profiles AS synced
            ON synced.user_id = $1 AND synced.customer_id = users.stripe_customer_id
        LEFT JOIN archived_customers AS archived ON archived.customer_id = users.stripe_customer_id
        LEFT JOIN stripe_customers_refused_fields AS refused ON refused.user_id = $1
    """

extension CreateIntent {
    /// - Parameter first: The column of the generation.
    init?(_ row: any SQLRow, from first: Int, of userId: String) {
        guard let generation = row.integer(first) else { return nil }
        self.init(
            userId: userId, generation: Int(generation), idempotencyKey: row.text(first + 1) ?? "",
            fields: storedObject(row.text(first + 2)), createdAt: row.integer(first + 3) ?? 0,
            serverFailures: Int(row.integer(first + 4) ?? 0), disposal: row.text(first + 5).flatMap(Disposal.init),
            vouchedEmail: row.text(first + 6), missedAt: row.integer(first + 7), isRecovered: true)
    }
}

extension SyncedProfile {
    /// - Parameter first: The column of the profile; the edits come next.
    init?(_ row: any SQLRow, from first: Int) {
        guard let profile = row.text(first) else { return nil }
        self.init(profile: storedObject(profile), edits: storedObject(row.text(first + 1)))
    }
}
