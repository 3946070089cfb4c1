import Dispatch
package import JSON
import Synchronization

/// Writes log lines on a thread of its own, from a bounded queue.
///
/// A host that starts a process with a pipe for stderr and never reads it fills the pipe, and the write after that
/// blocks: here it blocks only this thread. The queue fills, later lines are dropped and counted, and when the pipe is
/// read again one line `log.dropped` says how many are missing. After a failed write nothing is logged any more:
/// logging the failure would fail too.
package final class LogWriter: Sendable {
    private enum Entry: Sendable {
        case line([UInt8])
        /// Signalled when everything before it is written.
        case marker(DispatchSemaphore)
    }

    private struct State: Sendable {
        var queue: [Entry] = []
        var dropped = 0
        var isDisabled = false
    }

    private let clock: any WallClock
    private let capacity: Int
    private let writeLine: @Sendable ([UInt8]) -> Bool
    private let state = Mutex(State())
    private let filled = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - capacity: how many lines wait at most.
    ///   - writeLine: writes one line, its end included; may block; false disables the log for good.
    package init(clock: any WallClock, capacity: Int = 1024, writeLine: @escaping @Sendable ([UInt8]) -> Bool) {
        self.clock = clock
        self.capacity = capacity
        self.writeLine = writeLine
        DispatchQueue(label: "log").async { self.run() }
    }

    package func write(_ level: Log.Level, _ event: String, _ fields: JSONObject) {
        let line = line(level, event, fields)
        enqueue(.line(line))
    }

    /// Waits until what was logged before is written, though not longer than this: a host that does not read stderr
    /// must not hold up the end of the process.
    package func flush(timeout: Milliseconds = 200) {
        let marker = DispatchSemaphore(value: 0)
        enqueue(.marker(marker))
        _ = marker.wait(timeout: .now() + .milliseconds(Int(timeout)))
    }

    private func enqueue(_ entry: Entry) {
        let wakes = state.withLock { state in
            if case .line = entry, state.queue.count >= capacity || state.isDisabled {
                state.dropped += 1
                return false
            }
            state.queue.append(entry)
            return state.queue.count == 1
        }
        if wakes { filled.signal() }
    }

    private func run() {
        while true {
            filled.wait()
            let entries = state.withLock { state in
                defer { state.queue = [] }
                return state.queue
            }
            for entry in entries { perform(entry) }
            let dropped = state.withLock { state in
                defer { state.dropped = 0 }
                return state.isDisabled ? 0 : state.dropped
            }
            if dropped > 0 { perform(.line(line(.warning, "log.dropped", ["count": .number(JSONNumber(dropped))]))) }
        }
    }

    private func perform(_ entry: Entry) {
        switch entry {
        case .marker(let marker): marker.signal()
        case .line(let bytes):
            guard !state.withLock({ $0.isDisabled }) else { return }
            if !writeLine(bytes) { state.withLock { $0.isDisabled = true } }
        }
    }

    private func line(_ level: Log.Level, _ event: String, _ fields: JSONObject) -> [UInt8] {
        var members: [JSONObject.Member] = [
            .init("time", .string(rfc3339(clock.now()))),
            .init("level", .string(level.name)),
            .init("event", .string(event)),
        ]
        members += fields.members
        // Ids are the host's users' to choose, and a log is read on a terminal.
        var bytes = escapingControlCharacters(JSONValue.object(JSONObject(members)).serialized())
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}
