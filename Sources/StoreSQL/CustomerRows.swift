package import CustomerStore
package import Environment

extension SQLTransaction {
    package func standing(of customerId: String, for userId: String) throws(StoreError) -> CustomerStanding {
        let row = try row(standingText, [.text(customerId), .text(userId)])
        return CustomerStanding(
            holder: row?.text(0), isUnlinked: row?.bool(1) ?? false, isArchived: row?.bool(2) ?? false,
            isKept: row?.bool(3) ?? false, disposal: row?.text(4).flatMap(Disposal.Action.init),
            hasDisposal: row?.text(4) != nil, isDeleted: row?.bool(5) ?? false, wasMadeForAnother: row?.bool(6) ?? false
        )
    }

    // MARK: Disposals

    package func disposal(of customerId: String) throws(StoreError) -> Disposal? {
        try row("SELECT \(disposalColumns) FROM disposals WHERE customer_id = $1", [.text(customerId)])
            .flatMap { Disposal($0) }
    }

    package func putDisposal(
        of customerId: String, _ action: Disposal.Action, userId: String?, key: String, at now: Milliseconds
    ) throws(StoreError) {
        try change(
            """
            INSERT INTO disposals (customer_id, user_id, action, idempotency_key, requested_at)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (customer_id) DO UPDATE SET
                user_id = coalesce(excluded.user_id, disposals.user_id), parked = 0, not_before = 0,
                action = CASE disposals.action WHEN 'delete' THEN 'delete' ELSE excluded.action END
            """, [.text(customerId), SQLValue(userId), .text(action.rawValue), .text(key), .integer(now)])
    }

    package func setDisposal(
        of customerId: String, to action: Disposal.Action, at now: Milliseconds
    ) throws(StoreError) {
        try change(
            "UPDATE disposals SET action = $2, requested_at = $3 WHERE customer_id = $1",
            [.text(customerId), .text(action.rawValue), .integer(now)])
    }

    @discardableResult
    package func removeDisposal(
        of customerId: String, _ action: Disposal.Action?
    ) throws(StoreError) -> NotedDisposal? {
        let filter = action == nil ? "" : " AND action = $2"
        return try row(
            "DELETE FROM disposals WHERE customer_id = $1\(filter) RETURNING user_id",
            [.text(customerId)] + (action.map { [.text($0.rawValue)] } ?? [])
        ).map { NotedDisposal(userId: $0.text(0)) }
    }

    package func postponeDisposal(
        of customerId: String, key: String, _ postponement: Postponement
    ) throws(StoreError) {
        try change(
            """
            UPDATE disposals SET
                attempts = \(oneMore("attempts")), not_before = $2, parked = $3, for_operator = $4, error_type = $5,
                error = $6, idempotency_key = $7
            WHERE customer_id = $1
            """,
            [
                .text(customerId), .integer(postponement.notBefore ?? 0), SQLValue(postponement.notBefore == nil),
                SQLValue(postponement.forOperator), .text(postponement.errorType), .text(postponement.error),
                .text(key),
            ])
    }

    package func dueDisposals(
        at now: Milliseconds, latest: Milliseconds, limit: Int
    ) throws(StoreError) -> [Disposal] {
        try all(
            """
            SELECT \(disposalColumns) FROM disposals
            WHERE parked = 0 AND action IN ('archive', 'delete') AND (not_before <= $1 OR not_before > $2)
            ORDER BY not_before LIMIT $3
            """, [.integer(now), .integer(latest), SQLValue(limit)]
        ).compactMap { Disposal($0) }
    }

    // MARK: Marks

    package func mark(_ customerId: String, as mark: CustomerState, at now: Milliseconds) throws(StoreError) {
        let (table, time) = mark.table
        try change(
            "INSERT INTO \(table) (customer_id, \(time)) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            [.text(customerId), .integer(now)])
    }

    package func unmark(_ customerId: String, _ mark: CustomerState) throws(StoreError) {
        try change("DELETE FROM \(mark.table.name) WHERE customer_id = $1", [.text(customerId)])
    }
}

let standingText = """
    SELECT
        (SELECT CAST(id AS TEXT) FROM users WHERE stripe_customer_id = $1),
        EXISTS (SELECT 1 FROM unlinked_customers WHERE customer_id = $1),
        EXISTS (SELECT 1 FROM archived_customers WHERE customer_id = $1),
        EXISTS (SELECT 1 FROM kept_customers WHERE customer_id = $1),
        (SELECT action FROM disposals WHERE customer_id = $1),
        EXISTS (SELECT 1 FROM customer_news WHERE customer_id = $1 AND deleted = 1),
        EXISTS (SELECT 1 FROM create_intents WHERE customer_id = $1 AND user_id <> $2)
    """

private let disposalColumns = "customer_id, user_id, action, idempotency_key, requested_at, attempts"

extension Disposal {
    /// `nil` for an action that nobody here has written: what a foreign hand meant by it is not guessed.
    fileprivate init?(_ row: any SQLRow) {
        guard let action = row.text(2).flatMap(Action.init) else { return nil }
        self.init(
            customerId: row.text(0) ?? "", userId: row.text(1), action: action, idempotencyKey: row.text(3) ?? "",
            requestedAt: row.integer(4) ?? 0, attempts: Int(row.integer(5) ?? 0))
    }
}

extension CustomerState {
    fileprivate var table: (name: String, time: String) {
        switch self {
        case .unlinked: ("unlinked_customers", "unlinked_at")
        case .archived: ("archived_customers", "archived_at")
        case .kept: ("kept_customers", "kept_at")
        }
    }
}
