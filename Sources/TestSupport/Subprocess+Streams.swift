import HTTP
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Subprocess {
    /// Cuts a stream into lines, reading only when one is asked for.
    final class LineReader: Sendable {
        enum Next: Sendable {
            case line(String)
            case end
            case timedOut
        }

        /// What has been read but not asked for begins at `start` and has no newline before `searched`.
        private struct Buffer {
            var bytes: [UInt8] = []
            var start = 0
            var searched = 0

            mutating func nextLine() -> String? {
                guard let end = bytes[searched...].firstIndex(of: 0x0A) else {
                    searched = bytes.count
                    return nil
                }
                defer { (start, searched) = (end + 1, end + 1) }
                return String(decoding: bytes[start..<end], as: UTF8.self)
            }

            /// The last line, where the stream ends without a newline.
            mutating func rest() -> String? {
                guard start < bytes.count else { return nil }
                defer { self = Buffer() }
                return String(decoding: bytes[start...], as: UTF8.self)
            }

            mutating func append(_ more: [UInt8]) {
                bytes.removeFirst(start)
                (start, searched) = (0, searched - start)
                bytes += more
            }
        }

        private let descriptor: Descriptor
        private let buffer = Mutex(Buffer())

        init(_ descriptor: Descriptor) {
            self.descriptor = descriptor
        }

        func next(until deadline: ContinuousClock.Instant) -> Next {
            buffer.withLock { buffer in
                while true {
                    if let line = buffer.nextLine() { return .line(line) }
                    guard descriptor.waitUntilReadable(until: deadline) else { return .timedOut }
                    let bytes = descriptor.read()
                    if bytes.isEmpty { return buffer.rest().map(Next.line) ?? .end }
                    buffer.append(bytes)
                }
            }
        }
    }

    /// Reads a stream to its end as the bytes come.
    final class Collector: Sendable {
        private final class Buffer: Sendable {
            let bytes = Mutex<[UInt8]>([])
        }

        private let buffer: Buffer
        private let thread: JoinableThread

        init(_ descriptor: Descriptor) {
            let buffer = Buffer()
            self.buffer = buffer
            thread = JoinableThread {
                while true {
                    let bytes = descriptor.read()
                    if bytes.isEmpty { return }
                    buffer.bytes.withLock { $0 += bytes }
                }
            }
        }

        var text: String { String(decoding: buffer.bytes.withLock { $0 }, as: UTF8.self) }

        func waitForEnd() { thread.join() }
    }

    /// Waits for the end of a process on a thread of its own.
    final class Reaper: Sendable {
        private final class State: Sendable {
            /// While it is `nil` the number is the process's own, even if it has already ended.
            let status = Mutex<ExitStatus?>(nil)
        }

        private let processID: Int32
        private let state: State
        /// At its end once the process is.
        private let exit: Descriptor

        init(processID: Int32, exit: (readEnd: Descriptor, writeEnd: Descriptor)) {
            let state = State()
            self.state = state
            self.processID = processID
            self.exit = exit.readEnd
            let writeEnd = exit.writeEnd
            _ = JoinableThread {
                withExtendedLifetime(writeEnd) {
                    // WNOWAIT leaves the process to be reaped under the lock, so that `kill` can't meet a stranger.
                    var info = siginfo_t()
                    while waitid(P_PID, id_t(processID), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
                    state.status.withLock { status in
                        var result: Int32 = 0
                        waitpid(processID, &result, 0)
                        // The macros of https://man7.org/linux/man-pages/man2/wait.2.html, which Swift does not see.
                        let signal = result & 0x7F
                        status = signal == 0 ? .exited((result >> 8) & 0xFF) : .signalled(signal)
                    }
                }
            }
        }

        func wait(timeout: Duration) -> ExitStatus? {
            guard exit.waitUntilReadable(until: .now + timeout) else { return nil }
            return state.status.withLock { $0 }
        }

        func kill(_ signal: Int32) {
            state.status.withLock { status in
                if status == nil { sendSignal(processID, signal) }
            }
        }
    }
}

// The method above hides the function of the same name.
private func sendSignal(_ processID: Int32, _ signal: Int32) { kill(processID, signal) }
