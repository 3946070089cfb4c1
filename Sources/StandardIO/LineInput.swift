#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads lines from a descriptor on the thread that calls `run`, blocking it.
///
/// The descriptor is left as it was given: `O_NONBLOCK` is a property of the open file description, which the host or a
/// terminal may share, so it is not set here, and `poll(2)` makes the reading right when somebody else has set it.
package final class LineInput: Sendable {
    package enum End: Sendable, Equatable {
        case endOfInput
        /// `stop()` was called; a line of which only a part had arrived is forgotten.
        case stopped
        case failed(errno: Int32)
    }

    private let descriptor: Int32
    private let limit: Int
    private let wake = Wake()

    /// - Parameter limit: the longest line in bytes.
    package init(descriptor: Int32, limit: Int) {
        self.descriptor = descriptor
        self.limit = limit
    }

    /// Calls `body` with each line, in order, until the input ends. While `body` blocks nothing is read.
    package func run(_ body: (LineReader.Line) -> Void) -> End {
        var reader = LineReader(limit: limit)
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            guard waitForInput() else { return .stopped }
            let count = read(descriptor, chunk.baseAddress, chunk.count)
            let code = errno
            if count > 0 {
                for line in reader.take(UnsafeRawBufferPointer(rebasing: chunk[..<count])) { body(line) }
            } else if count == 0 {
                if let line = reader.finish() { body(line) }
                return .endOfInput
            } else if code != EINTR, code != EAGAIN {
                return .failed(errno: code)
            }
        }
    }

    /// Ends `run` after the lines that have already been read. Safe from any thread.
    package func stop() { wake.signal() }

    /// Whether there is something to read (an end or an error included); false when `stop()` was called.
    private func waitForInput() -> Bool {
        var watched = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&watched, nfds_t(watched.count), -1) < 0, errno == EINTR {}
        return watched[1].revents == 0
    }
}
