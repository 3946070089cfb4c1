import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The one owner of the output: whole lines, one write each, in the order in which they were handed over.
///
/// `enqueue` never blocks. The queue has no limit of its own: who hands a line over counts it until `written` is called
/// (the intake its places in flight, and the bytes of batches; a reply its progress).
package final class LineWriter: Sendable {
    private struct Entry: Sendable {
        var bytes: [UInt8]
        var written: (@Sendable () -> Void)?
    }

    private struct State: Sendable {
        /// Filled at the end by `enqueue`, exchanged for an empty one by `run`.
        var queue: [Entry] = []
        var isClosed = false
    }

    private let descriptor: Int32
    private let state = Mutex(State())
    private let filled = DispatchSemaphore(value: 0)

    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Hands over one line, without its line end. After `close` it is dropped.
    ///
    /// - Parameter written: called on the writing thread once the system has the whole line.
    package func enqueue(_ line: consuming [UInt8], written: (@Sendable () -> Void)? = nil) {
        line.append(UInt8(ascii: "\n"))
        let entry = Entry(bytes: line, written: written)
        let wakes = state.withLock { state in
            guard !state.isClosed else { return false }
            state.queue.append(entry)
            return state.queue.count == 1
        }
        if wakes { filled.signal() }
    }

    /// No more lines: `run` returns when those handed over before are written.
    package func close() {
        state.withLock { $0.isClosed = true }
        filled.signal()
    }

    /// Writes lines on the thread that calls this, blocking it, until `close` or a failure.
    ///
    /// - Returns: `nil` after `close`, or the `errno` of the failed write (`EPIPE`: nobody reads any more).
    package func run() -> Int32? {
        while true {
            filled.wait()
            let (entries, isClosed) = state.withLock { state in
                defer { state.queue = [] }
                return (state.queue, state.isClosed)
            }
            for entry in entries {
                if let code = writeWhole(entry.bytes, to: descriptor) {
                    state.withLock { $0.isClosed = true }
                    return code
                }
                entry.written?()
            }
            if isClosed { return nil }
        }
    }
}
