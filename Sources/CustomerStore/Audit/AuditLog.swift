internal import Environment
internal import SQLite
import Synchronization

/// What the store needs to keep its audit log: the key, the time, and the anchor's file.
struct AuditLog: Sendable {
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

    /// This process has appended events that the anchor does not know yet.
    var isAnchorBehind: Bool { pending.isScheduled.load(ordering: .relaxed) }

    func anchorWriteBegins() { pending.isScheduled.store(false, ordering: .relaxed) }

    func anchor() throws(StoreError) -> AuditAnchor? {
        try anchorFile?.read().flatMap { AuditAnchor(fileContents: $0) }
    }

    /// Moves the anchor to the end of the log; never from a place that the log no longer has, so that a cut tail stays
    /// visible whatever is appended after it.
    func moveAnchor(_ connection: inout Connection) throws(StoreError) {
        guard let anchorFile, let tail = try Self.tail(&connection) else { return }
        if let known = try anchor() {
            guard known.sequence < tail.sequence,
                try Self.hash(at: known.sequence, &connection) == known.hash
            else { return }
        }
        try anchorFile.replace(tail.fileContents)
    }

    static func tail(_ connection: inout Connection) throws(StoreError) -> AuditAnchor? {
        try connection.row("SELECT sequence, hash FROM audit_events ORDER BY sequence DESC LIMIT 1").map {
            AuditAnchor(sequence: $0.integer(0) ?? 0, hash: $0.text(1) ?? "")
        }
    }

    static func hash(at sequence: Int64, _ connection: inout Connection) throws(StoreError) -> String? {
        try connection.row("SELECT hash FROM audit_events WHERE sequence = ?", [.integer(sequence)])?.text(0)
    }
}
