import JSON

/// What a walk through the audit log came to.
package struct AuditVerdict: Sendable {
    package enum Fault: String, Sendable {
        /// The event, or its place in the chain, is not what was written.
        case event
        /// The log ends before the anchor, or differs there from what it was; or the anchor is not what was written.
        case anchor
        /// There is no anchor, so nothing says whether the tail was cut.
        case anchorMissing = "anchor_missing"
        /// The table has a trigger or an index that is not ours, or something of ours was made otherwise.
        case schema
        /// An index leaves events out, so that who asks for a user's may not get all.
        case index
    }

    package var events: Int64
    package var firstBroken: Int64?
    package var fault: Fault?
    /// The names of what is behind `.schema`.
    package var foreign: [String] = []
}

extension CustomerStore {
    /// The names of triggers and indexes on the log's table that are not ours, or not as ours.
    package func foreignAuditParts() async throws(StoreError) -> [String] {
        try await read { rows throws(StoreError) in try rows.foreignAuditParts() }
    }

    /// Walks through the whole log, a page at a time.
    /// - Parameter kept: An end of the log that somebody kept elsewhere; held against it like the anchor's file.
    package func verifyAuditLog(against kept: AuditAnchor? = nil) async throws(StoreError) -> AuditVerdict {
        let audit = audit
        // Events are there before the anchor knows them, also those of a process that was killed in between.
        try await moveAnchor()
        let anchor = try await read { _ throws(StoreError) in try audit.anchor() }
        var walk = AuditWalk(anchors: [kept].compactMap(\.self))
        if case .end(let end) = anchor { walk.anchors.append(end) }
        walk.anchors.removeAll { $0.sequence == 0 }
        walk.verdict.foreign = try await foreignAuditParts()
        if try await hasEventsBeforeTheFirst() { walk.found(.event, at: 1) }
        var missingInIndex: Int64?
        while true {
            let begin = walk.last.sequence
            let events = try await auditEvents(AuditFilter(), limit: AuditLog.page, after: begin)
            for event in events { walk.take(event, audit.key) }
            if missingInIndex == nil, let end = events.last?.sequence {
                missingInIndex = try await read { rows throws(StoreError) in
                    try rows.auditEventMissingInIndex(after: begin, through: end)
                }
            }
            if events.count < AuditLog.page { break }
        }
        if !walk.anchors.isEmpty { walk.found(.anchor, at: walk.last.sequence &+ 1) }
        if audit.anchorFile != nil {
            switch anchor {
            case .end: break
            case .forged: walk.found(.anchor)
            case .missing: walk.found(.anchorMissing)
            }
        }
        if !walk.verdict.foreign.isEmpty { walk.found(.schema) }
        if let missingInIndex { walk.found(.index, at: missingInIndex) }
        return walk.verdict
    }

    /// A walk from the beginning does not come by them.
    private func hasEventsBeforeTheFirst() async throws(StoreError) -> Bool {
        try await read { rows throws(StoreError) in
            try rows.hasAuditEvents(before: 1)
        }
    }
}

/// How far a walk through the log has come.
private struct AuditWalk {
    var verdict = AuditVerdict(events: 0)
    var last = AuditAnchor.beginning
    /// Ends that the log had once, and that the walk has not come by.
    var anchors: [AuditAnchor]

    init(anchors: [AuditAnchor]) { self.anchors = anchors }

    mutating func take(_ event: AuditEvent, _ key: AuditKey) {
        if !event.continues(last, key) { found(.event, at: last.sequence &+ 1) }
        for anchor in anchors where anchor.sequence == event.sequence && !sameCodePoints(anchor.hash, event.hash) {
            found(.anchor, at: event.sequence)
        }
        anchors.removeAll { $0.sequence <= event.sequence }
        verdict.events += 1
        last = event.place
    }

    /// The first fault counts: later ones may follow from it.
    mutating func found(_ fault: AuditVerdict.Fault, at sequence: Int64? = nil) {
        guard verdict.fault == nil else { return }
        (verdict.firstBroken, verdict.fault) = (sequence, fault)
    }
}
