package import Environment
package import JSON

/// What a sync works on: intents, the queue, what Stripe was told, what it refused.
package protocol SyncRows {
    /// All that is known of a user, in one statement.
    func situation(of userId: String) throws(StoreError) -> Situation

    // MARK: Creates
    func hasPendingIntent(of userId: String) throws(StoreError) -> Bool
    /// - Returns: The generation, which is the user's next.
    func insertIntent(_ draft: IntentDraft, of userId: String, at now: Milliseconds) throws(StoreError) -> Int
    /// Only while it is pending. What is personal in it goes.
    func settle(
        _ intent: CreateIntent, as end: CreateIntent.End, customerId: String?, at now: Milliseconds
    ) throws(StoreError)
    func countServerFailure(of intent: CreateIntent) throws(StoreError)
    /// Only while it is pending.
    func setKey(of intent: CreateIntent, to key: String) throws(StoreError)
    /// - Returns: Since when it is missed; `nil` when there is no such intent.
    func markMissed(_ intent: CreateIntent, at now: Milliseconds) throws(StoreError) -> Milliseconds?
    func setDisposal(ofPendingIntentOf userId: String, to disposal: CreateIntent.Disposal) throws(StoreError)
    /// The creates of other users forget that the customer came of them.
    func takeFromOthers(_ customerId: String, than userId: String) throws(StoreError)

    // MARK: The queue
    /// Puts the user into the queue when it is not there.
    func enqueue(_ userId: String, change id: String, at now: Milliseconds) throws(StoreError)
    /// Lets it be due now, if it is there.
    func wake(_ userId: String) throws(StoreError)
    /// A trigger knows only the database's time; what the service itself writes goes by the service's clock.
    func stampQueued(_ userId: String, at now: Milliseconds) throws(StoreError)
    func isQueued(_ userId: String) throws(StoreError) -> Bool
    /// - Returns: Whether the user has not changed again meanwhile.
    func setChange(of userId: String, from old: String, to new: String) throws(StoreError) -> Bool
    func complete(_ change: String, of userId: String) throws(StoreError)
    func dequeue(_ userId: String) throws(StoreError)
    func postpone(_ change: String, of userId: String, _ postponement: Postponement) throws(StoreError)
    /// Users whose change is due and on whom nobody else is working.
    func dueUsers(
        at now: Milliseconds, latest: Milliseconds, limit: Int, owner: String
    ) throws(StoreError) -> [String]
    /// When the first waiting entry of users and disposals comes due.
    func nextDue() throws(StoreError) -> Milliseconds?

    // MARK: Profiles
    func synced(_ userId: String, with customerId: String) throws(StoreError) -> SyncedProfile?
    func putSynced(
        _ synced: SyncedProfile, of userId: String, with customerId: String, at now: Milliseconds
    ) throws(StoreError)
    /// Only where something is known of them already.
    func replaceProfile(of userId: String, with customerId: String, by profile: JSONObject) throws(StoreError)
    func replaceSynced(of userId: String, with customerId: String, by synced: SyncedProfile) throws(StoreError)
    /// Whether the customer is still the user's, and neither archived nor about to be disposed of.
    func isInUse(_ customerId: String, by userId: String) throws(StoreError) -> Bool

    // MARK: Refused fields
    func putRefusal(_ field: RefusedField) throws(StoreError)
    func dropRefusals(
        of userId: String, by side: RefusedField.Side, except fields: [String]
    ) throws(StoreError)
    /// Of one user, or of all, the longest refused first.
    func refusals(of userId: String?, limit: Int) throws(StoreError) -> [RefusedField]

    // MARK: In figures
    func queueStatus() throws(StoreError) -> QueueStatus
    /// What is parked, or everything queued for one user.
    func queueEntries(of userId: String?, limit: Int) throws(StoreError) -> [QueueEntry]
    /// By reason, the commonest first.
    func operatorWaits(among entries: Int, limit: Int) throws(StoreError) -> [OperatorWait]
}

/// What is known of a user at one moment.
package struct Situation: Sendable {
    package var user: User?
    /// The create whose outcome is unknown.
    package var intent: CreateIntent?
    package var change: QueuedChange?
    /// What Stripe was told of the customer that the user has now.
    package var synced: SyncedProfile?
    package var isArchived: Bool
    package var refused: [RefusedField]

    package init(
        user: User?, intent: CreateIntent?, change: QueuedChange?, synced: SyncedProfile?, isArchived: Bool,
        refused: [RefusedField]
    ) {
        self.user = user
        self.intent = intent
        self.change = change
        self.synced = synced
        self.isArchived = isArchived
        self.refused = refused
    }
}

/// Why and until when something in the queue waits.
package struct Postponement: Sendable {
    /// `nil` parks: nothing but a change can help.
    package var notBefore: Milliseconds?
    /// Only the operator can mend it.
    package var forOperator: Bool
    package var errorType: String
    package var error: String

    package init(notBefore: Milliseconds?, forOperator: Bool, errorType: String, error: String) {
        self.notBefore = notBefore
        self.forOperator = forOperator
        self.errorType = errorType
        self.error = error
    }
}
