package import Environment
package import JSON

/// Which events a page of the audit log holds.
package struct AuditFilter: Sendable {
    package var from: Milliseconds?
    package var to: Milliseconds?
    /// Here and in `userId` the id itself; for `AuditRows` as the log holds it.
    package var actor: String?
    package var userId: String?
    package var customerId: String?
    package var method: String?

    package init(
        from: Milliseconds? = nil, to: Milliseconds? = nil, actor: String? = nil, userId: String? = nil,
        customerId: String? = nil, method: String? = nil
    ) {
        self.from = from
        self.to = to
        self.actor = actor
        self.userId = userId
        self.customerId = customerId
        self.method = method
    }
}

extension CustomerStore {
    /// A write that appends its events to the audit log in the same transaction.
    func writeRecorded<T: Sendable>(
        locking names: [LockName] = [],
        _ body: @escaping @Sendable (any StoreTransaction, AuditRecorder) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let (scope, key, now) = (AuditScope.current ?? .background, audit.key, audit.clock.now())
        let (value, recorded) = try await write(locking: names) { rows throws(StoreError) in
            let audit = AuditRecorder(scope: scope, key: key, now: now, rows)
            let value = try body(rows, audit)
            if !audit.recorded.isEmpty, let note = scope.changeUnderWay {
                try rows.removeNote(note)
            }
            return (value, audit.recorded)
        }
        if !recorded.isEmpty {
            scope.note(recorded)
            scheduleAnchor()
        }
        return value
    }

    /// Appends one event of the current scope that is not part of another write: a change that was made at Stripe alone,
    /// a refusal, a failure, an export.
    package func recordAuditEvent(
        userId: String?, customerId: String?, outcome: String, email: String? = nil, details: JSONObject = [:]
    ) async throws(StoreError) {
        try await writeRecorded { rows, audit throws(StoreError) in
            var details = details
            details["email"] = audit.personal(email)
            let userId = try Self.userConcerned(userId, customerId, rows)
            try audit.record(
                nil, userId: userId, customerId: customerId, outcome: outcome, details: details)
        }
    }

    /// The user whom an event is about: the one that was named, else the one who has the customer.
    static func userConcerned(
        _ userId: String?, _ customerId: String?, _ rows: any StoreTransaction
    ) throws(StoreError) -> String? {
        guard userId == nil, let customerId else { return userId }
        return try rows.holder(of: customerId)
    }

    /// Events in their order.
    package func auditEvents(
        _ filter: AuditFilter, limit: Int, after sequence: Int64 = 0
    ) async throws(StoreError) -> [AuditEvent] {
        var filter = filter
        filter.actor = filter.actor.map(audit.key.reference)
        filter.userId = filter.userId.map(audit.key.reference)
        return try await read { [filter] rows throws(StoreError) in
            try rows.auditEvents(filter, after: sequence, limit: limit)
        }
    }

    // MARK: The anchor

    /// Where the log ends now: a host that keeps this elsewhere can tell later whether the tail was cut.
    package func auditTail() async throws(StoreError) -> AuditAnchor? {
        try await read { rows throws(StoreError) in try rows.auditTail() }
    }

    func scheduleAnchor() {
        guard audit.claimAnchorWrite() else { return }
        Task.detached { [weak self] in
            await SystemClock().sleep(AuditLog.anchorInterval)
            // A failure is tried again with the next event; until then the anchor is older than it could be.
            try? await self?.moveAnchor()
        }
    }

    func moveAnchor() async throws(StoreError) {
        audit.anchorWriteBegins()
        let audit = audit
        try await read { rows throws(StoreError) in try audit.moveAnchor(rows) }
    }
}
