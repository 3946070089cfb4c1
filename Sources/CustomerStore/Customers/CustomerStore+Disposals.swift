package import Environment
import JSON
import SQLite

/// A customer that is to be archived or deleted at Stripe.
package struct Disposal: Sendable {
    package enum Action: String, Sendable { case archive, delete }

    package var customerId: String
    package var userId: String?
    package var action: Action
    package var idempotencyKey: String
    package var requestedAt: Milliseconds
    package var attempts: Int
}

/// What was left behind by a user who was deleted.
package struct DeletedUser: Sendable {
    package var customerId: String?
}

extension CustomerStore {
    /// Deletes a user and, in the same transaction, notes what becomes of its customer, also of one that is only just
    /// being made.
    /// - Returns: `nil` when there was no user.
    /// - Throws: `.callOvertaken`.
    package func deleteUser(
        _ userId: String, customer choice: CreateIntent.Disposal, under key: HostKey? = nil, at now: Milliseconds
    ) async throws(StoreError) -> DeletedUser? {
        try await writeRecorded { connection, audit throws(StoreError) in
            try Self.requireFirst(key, audit.key, &connection)
            guard let user = try Self.user(userId, &connection) else { return nil }
            try Self.complete(key, userId: userId, customerId: user.customerId, audit.key, at: now, &connection)
            try Self.writeUsers(.delete, "DELETE FROM users WHERE id = ?", [.text(userId)], &connection)
            try audit.record(
                "user.deleted", userId: userId, customerId: user.customerId,
                details: ["customer": .string(choice.rawValue)], &connection)
            try connection.change(
                "UPDATE create_intents SET disposal = ? WHERE user_id = ? AND state = 'pending'",
                [.text(choice.rawValue), .text(userId)])
            guard let customerId = user.customerId else { return DeletedUser() }
            // The trigger has noted the default, archive.
            if choice == .keep {
                try connection.change("DELETE FROM disposals WHERE customer_id = ?", [.text(customerId)])
                try Self.keep(customerId, at: now, &connection)
            } else {
                try connection.change(
                    "UPDATE disposals SET action = ?, requested_at = ? WHERE customer_id = ?",
                    [.text(choice.rawValue), .integer(now), .text(customerId)])
            }
            return DeletedUser(customerId: customerId)
        }
    }

    /// Notes that a customer is to go, before Stripe is asked.
    package func noteDisposal(
        _ customerId: String, _ action: Disposal.Action, at now: Milliseconds
    ) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            let userId = try Self.linkedUser(of: customerId, &connection)
            try Self.insertDisposal(customerId, userId: userId, action.rawValue, at: now, &connection)
        }
    }

    /// It is done: a deleted customer loses its link, an archived one is not synced any more. Where a user got it while it
    /// was being archived it is in use: a sync takes the mark off it again.
    /// - Parameter gone: Stripe had no such customer any more, or never had: the error that the caller gets, which is the
    ///   outcome of the one event.
    package func finishDisposal(
        _ customerId: String, _ action: Disposal.Action, gone: String? = nil
    ) async throws(StoreError) {
        try await writeRecorded { connection, audit throws(StoreError) in
            // One that was to be archived may have to be deleted by now.
            let noted = try connection.row(
                "DELETE FROM disposals WHERE customer_id = ? AND action = ? RETURNING user_id",
                [.text(customerId), .text(action.rawValue)])
            switch action {
            case .delete: try Self.unlinkDeleted(customerId, &connection)
            case .archive:
                let holder = try Self.linkedUser(of: customerId, &connection)
                let isNotedForIt = { (holder: String) in noted?.text(0).map { sameCodePoints($0, holder) } ?? false }
                if let holder, !isNotedForIt(holder) {
                    try Self.doubtMarks(of: customerId, at: audit.now, &connection)
                } else if noted != nil, gone == nil {
                    try Self.insertArchived(customerId, at: audit.now, &connection)
                }
            }
            let change = action == .delete ? "customer.deleted" : "customer.archived"
            try audit.record(
                gone == nil ? change : "customer.gone", userId: noted?.text(0), customerId: customerId,
                outcome: gone ?? "ok", &connection)
        }
    }

    /// Stripe refused for good and nothing has happened.
    package func cancelDisposal(_ customerId: String, _ action: Disposal.Action) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            try connection.change(
                "DELETE FROM disposals WHERE customer_id = ? AND action = ?",
                [.text(customerId), .text(action.rawValue)])
        }
    }

    /// It is not to be carried out at all, and that is recorded.
    package func dropDisposal(_ customerId: String) async throws(StoreError) {
        try await writeRecorded { connection, audit throws(StoreError) in
            let noted = try connection.row(
                "DELETE FROM disposals WHERE customer_id = ? RETURNING user_id", [.text(customerId)])
            try audit.record("disposal.cancelled", userId: noted?.text(0), customerId: customerId, &connection)
        }
    }

    /// Puts it back for a later attempt.
    /// - Parameter forOperator: Only the operator can mend it.
    package func postponeDisposal(
        _ customerId: String, notBefore: Milliseconds, forOperator: Bool, errorType: String, error: String
    ) async throws(StoreError) {
        try await write { connection throws(StoreError) in
            try connection.change(
                """
                UPDATE disposals SET
                    attempts = \(Self.oneMore("attempts")), not_before = ?, parked = 0, for_operator = ?, error_type = ?, error = ?,
                    -- Stripe saves a failure under its key too; an archive may be repeated under a new one.
                    idempotency_key = lower(hex(randomblob(16)))
                WHERE customer_id = ?
                """,
                [.integer(notBefore), SQLiteValue(forOperator), .text(errorType), .text(error), .text(customerId)])
        }
    }

    /// What is to be done with a customer now. Of one that another program has linked to somebody else since it was
    /// noted, nothing: the note is dropped.
    package func disposalToCarryOut(of customerId: String) async throws(StoreError) -> Disposal? {
        try await writeRecorded { connection, audit throws(StoreError) in
            let row = try connection.row(
                "SELECT \(Self.disposalColumns) FROM disposals WHERE customer_id = ?", [.text(customerId)])
            guard let disposal = row.flatMap(Self.disposal) else { return nil }
            guard let holder = try Self.linkedUser(of: customerId, &connection) else { return disposal }
            if let userId = disposal.userId, sameCodePoints(userId, holder) { return disposal }
            try connection.change("DELETE FROM disposals WHERE customer_id = ?", [.text(customerId)])
            try audit.record("disposal.cancelled", userId: disposal.userId, customerId: customerId, &connection)
            return nil
        }
    }

    /// - Parameter latest: As in `dueUsers`.
    package func dueDisposals(
        at now: Milliseconds, latest: Milliseconds, limit: Int
    ) async throws(StoreError) -> [Disposal] {
        try await read { connection throws(StoreError) in
            try connection.rows(
                """
                SELECT \(Self.disposalColumns) FROM disposals
                WHERE parked = 0 AND action IN ('archive', 'delete') AND (not_before <= ? OR not_before > ?) ORDER BY not_before LIMIT ?
                """, [.integer(now), .integer(latest), SQLiteValue(limit)]
            ).compactMap(Self.disposal)
        }
    }

    // MARK: Pieces

    private static let disposalColumns = "customer_id, user_id, action, idempotency_key, requested_at, attempts"

    /// `nil` for an action that nobody here has written: what a foreign hand meant by it is not guessed.
    private static func disposal(_ row: Row) -> Disposal? {
        guard let action = row.text(2).flatMap(Disposal.Action.init) else { return nil }
        return Disposal(
            customerId: row.text(0) ?? "", userId: row.text(1), action: action, idempotencyKey: row.text(3) ?? "",
            requestedAt: row.integer(4) ?? 0, attempts: Int(row.integer(5) ?? 0))
    }

    static func insertDisposal(
        _ customerId: String, userId: String?, _ action: String, at now: Milliseconds, _ connection: inout Connection
    ) throws(StoreError) {
        try connection.change(
            """
            INSERT INTO disposals (customer_id, user_id, action, idempotency_key, requested_at)
            VALUES (?, ?, ?, lower(hex(randomblob(16))), ?)
            ON CONFLICT (customer_id) DO UPDATE SET
                user_id = coalesce(excluded.user_id, user_id), parked = 0, not_before = 0,
                -- What is to be deleted is not kept by an archiving that comes later.
                action = CASE action WHEN 'delete' THEN 'delete' ELSE excluded.action END
            """, [.text(customerId), SQLiteValue(userId), .text(action), .integer(now)])
    }
}
