package import Environment
import JSON

/// A customer that is to be archived or deleted at Stripe.
package struct Disposal: Sendable {
    package enum Action: String, Sendable { case archive, delete }

    package var customerId: String
    package var userId: String?
    package var action: Action
    package var idempotencyKey: String
    package var requestedAt: Milliseconds
    package var attempts: Int

    package init(
        customerId: String, userId: String?, action: Action, idempotencyKey: String, requestedAt: Milliseconds,
        attempts: Int
    ) {
        self.customerId = customerId
        self.userId = userId
        self.action = action
        self.idempotencyKey = idempotencyKey
        self.requestedAt = requestedAt
        self.attempts = attempts
    }
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
        try await writeRecorded(locking: [.user(userId)] + Self.locks(key)) { rows, audit throws(StoreError) in
            try Self.requireFirst(key, audit.key, rows)
            guard let user = try rows.user(userId) else { return nil }
            try Self.noteDone(key, userId: userId, customerId: user.customerId, audit.key, at: now, rows)
            try rows.deleteUser(userId)
            try audit.record(
                "user.deleted", userId: userId, customerId: user.customerId,
                details: ["customer": .string(choice.rawValue)])
            try rows.setDisposal(ofPendingIntentOf: userId, to: choice)
            guard let customerId = user.customerId else { return DeletedUser() }
            // The trigger has noted the default, archive.
            if let action = Disposal.Action(rawValue: choice.rawValue) {
                try rows.setDisposal(of: customerId, to: action, at: now)
            } else {
                try rows.removeDisposal(of: customerId, nil)
                try rows.mark(customerId, as: .kept, at: now)
            }
            return DeletedUser(customerId: customerId)
        }
    }

    /// Notes that a customer is to go, before Stripe is asked.
    package func noteDisposal(
        _ customerId: String, _ action: Disposal.Action, at now: Milliseconds
    ) async throws(StoreError) {
        try await write(locking: [.customer(customerId)]) { rows throws(StoreError) in
            let userId = try rows.holder(of: customerId)
            try rows.putDisposal(of: customerId, action, userId: userId, key: Self.freshID(), at: now)
        }
    }

    /// It is done: a deleted customer loses its link, an archived one is not synced any more. Where a user got it while it
    /// was being archived it is in use: a sync takes the mark off it again.
    /// - Parameter gone: Stripe had no such customer any more, or never had: the error that the caller gets, which is the
    ///   outcome of the one event.
    package func finishDisposal(
        _ customerId: String, _ action: Disposal.Action, gone: String? = nil
    ) async throws(StoreError) {
        try await writeRecorded(locking: [.customer(customerId)]) { rows, audit throws(StoreError) in
            // One that was to be archived may have to be deleted by now.
            let noted = try rows.removeDisposal(of: customerId, action)
            switch action {
            case .delete: try Self.unlinkDeleted(customerId, rows)
            case .archive:
                let holder = try rows.holder(of: customerId)
                let isNotedForIt = { (holder: String) in noted?.userId.map { sameCodePoints($0, holder) } ?? false }
                if let holder, !isNotedForIt(holder) {
                    try Self.doubtMarks(of: customerId, at: audit.now, rows)
                } else if noted != nil, gone == nil {
                    try rows.mark(customerId, as: .archived, at: audit.now)
                }
            }
            let change = action == .delete ? "customer.deleted" : "customer.archived"
            try audit.record(
                gone == nil ? change : "customer.gone", userId: noted?.userId, customerId: customerId,
                outcome: gone ?? "ok")
        }
    }

    /// Stripe refused for good and nothing has happened.
    package func cancelDisposal(_ customerId: String, _ action: Disposal.Action) async throws(StoreError) {
        try await write { rows throws(StoreError) in _ = try rows.removeDisposal(of: customerId, action) }
    }

    /// It is not to be carried out at all, and that is recorded.
    package func dropDisposal(_ customerId: String) async throws(StoreError) {
        try await writeRecorded(locking: [.customer(customerId)]) { rows, audit throws(StoreError) in
            let noted = try rows.removeDisposal(of: customerId, nil)
            try audit.record("disposal.cancelled", userId: noted?.userId, customerId: customerId)
        }
    }

    /// Puts it back for a later attempt.
    /// - Parameter forOperator: Only the operator can mend it.
    package func postponeDisposal(
        _ customerId: String, notBefore: Milliseconds, forOperator: Bool, errorType: String, error: String
    ) async throws(StoreError) {
        let postponement = Postponement(
            notBefore: notBefore, forOperator: forOperator, errorType: errorType, error: error)
        try await write { rows throws(StoreError) in
            try rows.postponeDisposal(of: customerId, key: Self.freshID(), postponement)
        }
    }

    /// What is to be done with a customer now. Of one that another program has linked to somebody else since it was
    /// noted, nothing: the note is dropped.
    package func disposalToCarryOut(of customerId: String) async throws(StoreError) -> Disposal? {
        try await writeRecorded(locking: [.customer(customerId)]) { rows, audit throws(StoreError) in
            guard let disposal = try rows.disposal(of: customerId) else { return nil }
            guard let holder = try rows.holder(of: customerId) else { return disposal }
            if let userId = disposal.userId, sameCodePoints(userId, holder) { return disposal }
            try rows.removeDisposal(of: customerId, nil)
            try audit.record("disposal.cancelled", userId: disposal.userId, customerId: customerId)
            return nil
        }
    }

    /// - Parameter latest: As in `dueUsers`.
    package func dueDisposals(
        at now: Milliseconds, latest: Milliseconds, limit: Int
    ) async throws(StoreError) -> [Disposal] {
        try await read { rows throws(StoreError) in try rows.dueDisposals(at: now, latest: latest, limit: limit) }
    }
}
