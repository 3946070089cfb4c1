package import CustomerStore

extension SQLTransaction {
    package func insertNote(_ note: ChangeNote, seal: String) throws(StoreError) -> Int64? {
        try row(
            """
            INSERT INTO changes_under_way (\(noteColumns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id
            """, note.values.map { SQLValue($0) } + [.text(seal)])?.integer(0)
    }

    package func removeNote(_ id: Int64) throws(StoreError) {
        try change("DELETE FROM changes_under_way WHERE id = $1", [.integer(id)])
    }

    package func takeAbandonedNotes() throws(StoreError) -> [(note: ChangeNote, seal: String)] {
        try all(
            """
            DELETE FROM changes_under_way WHERE owner NOT IN (SELECT owner FROM processes) RETURNING \(noteColumns)
            """
        ).map { row in
            (
                ChangeNote(
                    owner: row.text(0) ?? "", actorId: row.text(1), actorRole: row.text(2), method: row.text(3) ?? "",
                    userId: row.text(4), customerId: row.text(5), traceparent: row.text(6),
                    details: row.text(7) ?? ""), row.text(8) ?? ""
            )
        }
    }
}

/// In the order of `ChangeNote.values`, and the seal.
private let noteColumns = "owner, actor_id, actor_role, method, user_id, customer_id, traceparent, details, seal"
