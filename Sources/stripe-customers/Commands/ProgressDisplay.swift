import Environment
import StandardIO
import Synchronization

/// How far a long task is, on stderr: a bar that stays in its line on a terminal, else a line every few seconds.
final class ProgressDisplay: Sendable {
    private struct State {
        var shownAt: Milliseconds = 0
        var lastLine = ""
        /// Whether the bar's line has no end yet.
        var isLineOpen = false
    }

    private let total: Int
    private let unit: String
    private let isBar: Bool
    private let state = Mutex(State())

    private static let barWidth = 30
    private static let lineInterval: Milliseconds = 5_000
    private static let barInterval: Milliseconds = 100

    /// - Parameter total: 0 when it is not known.
    init(total: Int, unit: String, _ environment: [String: String]) {
        self.total = total
        self.unit = unit
        isBar = Terminal(2, environment)?.isRewritable == true
    }

    /// Where the task has failed, what follows begins in a line of its own.
    deinit { if state.withLock({ $0.isLineOpen }) { _ = writeWhole([UInt8(ascii: "\n")], to: 2) } }

    func show(_ done: Int, _ remark: String = "") {
        let now = SystemClock().steady()
        let isDue = state.withLock { state in
            guard now - state.shownAt >= (isBar ? Self.barInterval : Self.lineInterval) else { return false }
            state.shownAt = now
            return true
        }
        if isDue { write(done, remark, isLast: false) }
    }

    /// The last state, whatever was shown before.
    func finish(_ done: Int, _ remark: String = "") { write(done, remark, isLast: true) }

    private func write(_ done: Int, _ remark: String, isLast: Bool) {
        let count = total > 0 ? "\(done) of \(max(total, done)) \(unit)" : "\(done) \(unit)"
        let text = remark.isEmpty ? count : "\(count), \(remark)"
        guard isBar else {
            let isNew = state.withLock { state in
                defer { state.lastLine = text }
                return state.lastLine != text
            }
            if isNew { _ = writeWhole(Array("\(text)\n".utf8), to: 2) }
            return
        }
        let filled = total > 0 ? min(Self.barWidth, Self.barWidth * done / total) : 0
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: Self.barWidth - filled)
        // Back to the begin of the line, and clear what is left of the one before.
        let line = "\r\(total > 0 ? "[\(bar)] " : "")\(text)\u{1B}[K" + (isLast ? "\n" : "")
        state.withLock { $0.isLineOpen = !isLast }
        _ = writeWhole(Array(line.utf8), to: 2)
    }
}
