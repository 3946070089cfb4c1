package import Environment
package import JSON
import SQLite

/// Which events a page of the audit log holds.
package struct AuditFilter: Sendable {
    package var from: Milliseconds?
    package var to: Milliseconds?
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
        _ body: @escaping @Sendable (inout Connection, AuditRecorder) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let scope = AuditScope.current ?? .background
        let recorder = AuditRecorder(scope: scope, key: audit.key, now: audit.clock.now())
        let value = try await write { connection throws(StoreError) in
            let value = try body(&connection, recorder)
            if !recorder.recorded.isEmpty, let note = scope.changeUnderWay {
                try connection.change("DELETE FROM changes_under_way WHERE id = ?", [.integer(note)])
            }
            return value
        }
        let recorded = recorder.recorded
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
        try await writeRecorded { connection, audit throws(StoreError) in
            var details = details
            details["email"] = audit.personal(email)
            let userId = try Self.userConcerned(userId, customerId, &connection)
            try audit.record(
                nil, userId: userId, customerId: customerId, outcome: outcome, details: details, &connection)
        }
    }

    /// The user whom an event is about: the one that was named, else the one who has the customer.
    static func userConcerned(
        _ userId: String?, _ customerId: String?, _ connection: inout Connection
    ) throws(StoreError) -> String? {
        guard userId == nil, let customerId else { return userId }
        return try linkedUser(of: customerId, &connection)
    }

    /// Events in their order.
    package func auditEvents(
        _ filter: AuditFilter, limit: Int, after sequence: Int64 = 0
    ) async throws(StoreError) -> [AuditEvent] {
        let key = audit.key
        return try await read { connection throws(StoreError) in
            var conditions = ["sequence > ?"]
            var arguments: [SQLiteValue] = [.integer(sequence)]
            func require(_ condition: String, _ value: SQLiteValue?) {
                guard let value else { return }
                conditions.append(condition)
                arguments.append(value)
            }
            require("at >= ?", filter.from.map { .integer($0) })
            require("at < ?", filter.to.map { .integer($0) })
            require("actor_id = ?", filter.actor.map { .text(key.reference($0)) })
            require("user_id = ?", filter.userId.map { .text(key.reference($0)) })
            require("customer_id = ?", filter.customerId.map { .text($0) })
            require("method = ?", filter.method.map { .text($0) })
            return try connection.rows(
                """
                SELECT \(AuditEvent.columns) FROM audit_events WHERE \(conditions.joined(separator: " AND "))
                ORDER BY sequence LIMIT ?
                """, arguments + [SQLiteValue(limit)]
            ).map { AuditEvent(row: $0) }
        }
    }

    // MARK: The anchor

    /// Where the log ends now: a host that keeps this elsewhere can tell later whether the tail was cut.
    package func auditTail() async throws(StoreError) -> AuditAnchor? {
        try await read { connection throws(StoreError) in try AuditLog.tail(&connection) }
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
        try await read { connection throws(StoreError) in try audit.moveAnchor(&connection) }
    }
}
