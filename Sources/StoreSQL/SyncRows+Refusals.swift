package import CustomerStore

extension SQLTransaction {
    package func putRefusal(_ field: RefusedField) throws(StoreError) {
        try change(
            """
            INSERT INTO stripe_customers_refused_fields
                (user_id, field, refused_by, value_hash, error_type, error, refused_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (user_id, field, refused_by) DO UPDATE SET
                value_hash = excluded.value_hash, error_type = excluded.error_type, error = excluded.error
            """,
            [
                .text(field.userId), .text(field.field), .text(field.side.rawValue), .text(field.valueHash),
                .text(field.errorType), .text(field.error), .integer(field.since),
            ])
    }

    package func dropRefusals(
        of userId: String, by side: RefusedField.Side, except fields: [String]
    ) throws(StoreError) {
        try change(
            """
            DELETE FROM stripe_customers_refused_fields
            WHERE user_id = $1 AND refused_by = $2 AND NOT (\(Self.isOneOf("field", "$3")))
            """, [.text(userId), .text(side.rawValue), .texts(fields)])
    }

    package func refusals(of userId: String?, limit: Int) throws(StoreError) -> [RefusedField] {
        let filter = userId == nil ? "" : "WHERE user_id = $2"
        return try all(
            """
            SELECT \(refusedColumns) FROM stripe_customers_refused_fields AS refused \(filter)
            ORDER BY refused_at, user_id, field LIMIT $1
            """, [SQLValue(limit)] + (userId.map { [.text($0)] } ?? [])
        ).compactMap { RefusedField($0, from: 0) }
    }
}

/// What `RefusedField(_:from:)` reads, in its order.
let refusedColumns = """
    refused.user_id, refused.field, refused.refused_by, refused.value_hash, refused.error_type, refused.error,
        refused.refused_at
    """

extension RefusedField {
    init?(_ row: any SQLRow, from first: Int) {
        guard let side = row.text(first + 2).flatMap(Side.init) else { return nil }
        self.init(
            userId: row.text(first) ?? "", field: row.text(first + 1) ?? "", side: side,
            errorType: row.text(first + 4) ?? "", error: row.text(first + 5) ?? "", since: row.integer(first + 6) ?? 0,
            valueHash: row.text(first + 3) ?? "")
    }
}
