package import Environment
import Synchronization

/// What the store needs to keep its audit log: the key, the time, and the anchor's file.
package struct AuditLog: Sendable {
    let key: AuditKey
    let clock: any WallClock
    /// `nil` for a database in memory.
    let anchorFile: PrivateFile?

    private let pending = Pending()

    /// The anchor is written at most so often: a write of it waits for the disk.
    static let anchorInterval: Milliseconds = 200

    init(key: AuditKey, clock: any WallClock, database path: String) {
        self.key = key
        self.clock = clock
        anchorFile = path == ":memory:" ? nil : PrivateFile(path + ".audit-anchor")
    }

    private final class Pending: Sendable { let isScheduled = Atomic(false) }

    /// Whether the caller is to write the anchor after a while: nobody else is about to.
    func claimAnchorWrite() -> Bool {
        anchorFile != nil && !pending.isScheduled.exchange(true, ordering: .relaxed)
    }

    func anchorWriteBegins() { pending.isScheduled.store(false, ordering: .relaxed) }

    enum KeptAnchor: Sendable {
        case end(AuditAnchor)
        /// It is not what was written under the key.
        case forged
        case missing
    }

    func anchor() throws(StoreError) -> KeptAnchor {
        guard let contents = try anchorFile?.read() else { return .missing }
        return AuditAnchor(fileContents: contents, key: key).map { .end($0) } ?? .forged
    }

    /// Moves the anchor to the end of the log: only forward, and only over a chain that is whole. Never from a place that
    /// the log no longer has, and never anew where it is gone: a cut tail stays visible whatever is appended after it.
    package func moveAnchor(_ rows: any StoreTransaction) throws(StoreError) {
        guard let anchorFile, case .end(let known) = try anchor() else { return }
        guard let end = try end(ofChainFrom: known, rows), end.sequence > known.sequence else { return }
        try anchorFile.replace(end.fileContents(key: key))
    }

    /// The end of the log, or of as many events as one look may take, when each of them continues the chain from `start`.
    private func end(
        ofChainFrom start: AuditAnchor, _ rows: any StoreTransaction
    ) throws(StoreError) -> AuditAnchor? {
        if start.sequence > 0 {
            guard try rows.auditHash(at: start.sequence) == start.hash else { return nil }
        }
        var end = start
        // A few events, unless the anchor could not be written for long, or an old copy of it was put in its place.
        for _ in 0..<Self.pagesAtOnce {
            let events = try rows.auditEvents(AuditFilter(), after: end.sequence, limit: Self.page)
            for event in events {
                guard event.continues(end, key) else { return nil }
                end = event.place
            }
            if events.count < Self.page { break }
        }
        return end
    }

    /// How many events are in memory at once.
    static let page = 500
    /// Nothing else can be done with the database meanwhile: a quarter of a second.
    private static let pagesAtOnce = 10

    // MARK: The beginning

    /// The log of a database, with the key that was given or, else, the one in the file beside it.
    ///
    /// Key and anchor are made with the log: later a missing one is a fault, not a reason to make it. The anchor comes
    /// first, so that a kill in between leaves no key, and the next start begins again. Inside a transaction with the write
    /// lock: of several processes that start at once the first makes both, and the others find them.
    /// - Throws: `.auditFile` when the key is missing although the log has begun, `.otherAuditKey`.
    package static func open(
        database path: String, key given: AuditKey?, clock: any WallClock, _ rows: any StoreTransaction
    ) throws(StoreError) -> AuditLog {
        guard path != ":memory:" else {
            return AuditLog(key: given ?? AuditKey(AuditKey.random()), clock: clock, database: path)
        }
        let isNew = try rows.isUnused()
        if let log = try begun(isNew: isNew, database: path, key: given, clock: clock, rows) {
            if given != nil, isNew, try PrivateFile(path + ".audit-anchor").read() == nil { try log.begin() }
            return log
        }
        let fresh = AuditKey.random()
        try AuditLog(key: AuditKey(fresh), clock: clock, database: path).begin()
        return AuditLog(
            key: try AuditKey.beside(database: path, fresh: { fresh }), clock: clock, database: path)
    }

    /// Whether `open` is going to take the log of a database as it is; nothing is written.
    package static func requireOpenable(
        database path: String, key given: AuditKey?, _ rows: any StoreTransaction
    ) throws(StoreError) {
        _ = try begun(
            isNew: try rows.isUnused(), database: path, key: given, clock: SystemClock(), rows)
    }

    /// The log under the key that is given, or under the one beside the database; `nil` when both are to be made.
    /// - Parameter isNew: Who empties the log may leave what other tables tell: the first process notes its account in the
    ///   settings as soon as it has opened the log.
    private static func begun(
        isNew: Bool, database path: String, key given: AuditKey?, clock: any WallClock, _ rows: any StoreTransaction
    ) throws(StoreError) -> AuditLog? {
        if let given {
            let log = AuditLog(key: given, clock: clock, database: path)
            try log.requireKey("STRIPE_CUSTOMERS_AUDIT_KEY or --deterministic", rows)
            return log
        }
        let keyFile = PrivateFile(path + ".audit-key")
        if try keyFile.read() != nil {
            let log = AuditLog(key: try AuditKey.beside(database: path), clock: clock, database: path)
            try log.requireKey(keyFile.path, rows)
            return log
        }
        guard isNew, try PrivateFile(path + ".audit-anchor").read().map(AuditAnchor.isBeginning) ?? true else {
            throw .auditFile(
                path: keyFile.path,
                reason: "it is missing, though the log has begun: put it back, or set STRIPE_CUSTOMERS_AUDIT_KEY")
        }
        return nil
    }

    /// Under another key the log would go on as a chain that nobody can tell from a forged one. Whoever tampers with a log
    /// leaves something that fits the key: the anchor, the first event or the last. So only a key that nothing fits is taken
    /// for another one, and who changes a file can't keep the operator out without changing all of that.
    private func requireKey(_ source: String, _ rows: any StoreTransaction) throws(StoreError) {
        if case .end = try anchor() { return }
        let ends = try rows.auditEnds()
        if ends.isEmpty || ends.contains(where: { $0.isWritten(under: key) }) { return }
        throw .otherAuditKey(source: source)
    }

    private func begin() throws(StoreError) { try anchorFile?.replace(AuditAnchor.beginning.fileContents(key: key)) }
}
