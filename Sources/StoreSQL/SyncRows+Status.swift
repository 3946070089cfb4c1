package import CustomerStore

extension SQLTransaction {
    package func queueStatus() throws(StoreError) -> QueueStatus {
        let row = try row(
            """
            SELECT (SELECT count(*) FROM sync_queue WHERE parked = 0) + (SELECT count(*) FROM disposals WHERE parked = 0),
                (SELECT count(*) FROM sync_queue WHERE parked = 1) + (SELECT count(*) FROM disposals WHERE parked = 1)
                    + (SELECT count(*) FROM stripe_customers_refused_fields WHERE refused_by = 'stripe'),
                (SELECT min(enqueued_at) FROM sync_queue WHERE parked = 0),
                (SELECT count(*) FROM create_intents WHERE state = 'pending')
            """)
        return QueueStatus(
            pending: Int(row?.integer(0) ?? 0), parked: Int(row?.integer(1) ?? 0), oldestAt: row?.integer(2),
            intents: Int(row?.integer(3) ?? 0))
    }

    package func queueEntries(of userId: String?, limit: Int) throws(StoreError) -> [QueueEntry] {
        let filter = userId == nil ? "parked = 1" : "user_id = $2"
        return try all(
            """
            SELECT user_id, NULL, error_type, error, enqueued_at, attempts, parked FROM sync_queue WHERE \(filter)
            UNION ALL
            SELECT user_id, customer_id, error_type, error, requested_at, attempts, parked FROM disposals
            WHERE \(filter)
            ORDER BY 5 LIMIT $1
            """, [SQLValue(limit)] + (userId.map { [.text($0)] } ?? [])
        ).map { row in
            QueueEntry(
                userId: row.text(0) ?? "", customerId: row.text(1), errorType: row.text(2) ?? "",
                error: row.text(3) ?? "", since: row.integer(4) ?? 0, attempts: Int(row.integer(5) ?? 0),
                isParked: row.bool(6))
        }
    }

    package func operatorWaits(among entries: Int, limit: Int) throws(StoreError) -> [OperatorWait] {
        try all(
            """
            SELECT error_type, error, count(*), min(since) FROM (
                SELECT error_type, error, enqueued_at AS since FROM sync_queue
                WHERE for_operator = 1 AND parked = 0 AND error_type IS NOT NULL
                UNION ALL
                SELECT error_type, error, requested_at FROM disposals
                WHERE for_operator = 1 AND parked = 0 AND error_type IS NOT NULL
                LIMIT $1) AS waiting
            GROUP BY error_type, error ORDER BY 3 DESC, 2 LIMIT $2
            """, [SQLValue(entries), SQLValue(limit)]
        ).map { row in
            OperatorWait(
                errorType: row.text(0) ?? "", error: row.text(1) ?? "", changes: Int(row.integer(2) ?? 0),
                since: row.integer(3) ?? 0)
        }
    }
}
