#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Notices that the host is gone while there is nothing to write and reading blocks.
///
/// Normally the end of the input tells. It does not when another process has inherited the host's end of the pipe, or
/// when the host closes only what it reads from.
package final class PeerWatch: Sendable {
    package enum Finding: Sendable, Equatable {
        /// Nobody can read the output any more.
        case outputClosed
        /// The process that started this one has ended.
        case parentEnded
        /// `stop()` was called.
        case stopped
    }

    private let output: Int32
    private let parent: Int32
    private let wake = Wake()

    /// - Parameter parent: the parent as it was at the start of the process. A pid told over the wire would be wrong
    ///   across containers.
    package init(output: Int32, parent: Int32) {
        self.output = output
        self.parent = parent
    }

    /// Blocks the calling thread until there is a finding.
    package func run() -> Finding {
        while true {
            // No events are asked for: POLLERR (a pipe without readers) and POLLHUP (a socket) are reported anyway.
            var watched = [
                pollfd(fd: output, events: 0, revents: 0),
                pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let changed = poll(&watched, nfds_t(watched.count), 500)
            if changed > 0, watched[1].revents != 0 { return .stopped }
            if changed > 0, watched[0].revents & Int16(POLLERR | POLLHUP) != 0 { return .outputClosed }
            if getppid() != parent { return .parentEnded }
        }
    }

    package func stop() { wake.signal() }
}
