#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Keeps the three standard descriptors in order, so that nothing but the protocol ever reaches the host.
package enum DescriptorGuard {
    /// A system call failed before the session could begin.
    package struct Failure: Error, Sendable {
        package let errno: Int32
    }

    /// The protocol's own descriptors, at 3 or above and closed on exec.
    package struct ProtocolDescriptors: Sendable {
        package let input: Int32
        package let output: Int32
    }

    /// The first thing that a process does.
    ///
    /// A descriptor of 0, 1 and 2 that is closed at start would be given to the next file that is opened, and a stray
    /// print would then land in the database: it becomes /dev/null. SIGPIPE is ignored, so that a write to a host that
    /// is gone fails with `EPIPE` and does not end the process.
    ///
    /// - Returns: whether there is a stdout at all.
    package static func prepareProcess() -> Bool {
        let hasOutput = fcntl(1, F_GETFD) != -1
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
            // `open` takes the lowest free number, which is this one.
            _ = open("/dev/null", O_RDWR)
        }
        _ = signal(SIGPIPE, SIG_IGN)
        return hasOutput
    }

    /// Moves the protocol out of reach: 0 becomes /dev/null and 1 becomes stderr for everything else in the process.
    ///
    /// The copies are closed on exec, so that a child could neither keep the host's pipe open nor write into it.
    package static func claimProtocol() throws(Failure) -> ProtocolDescriptors {
        let input = fcntl(0, F_DUPFD_CLOEXEC, 3)
        guard input >= 0 else { throw Failure(errno: errno) }
        let output = fcntl(1, F_DUPFD_CLOEXEC, 3)
        guard output >= 0 else { throw Failure(errno: errno) }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0, dup2(null, 0) == 0, dup2(2, 1) == 1 else { throw Failure(errno: errno) }
        close(null)
        return ProtocolDescriptors(input: input, output: output)
    }
}
