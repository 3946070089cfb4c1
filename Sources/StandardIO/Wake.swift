#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Ends a `poll(2)` of another thread: a pipe whose reading end becomes readable once and stays so.
package final class Wake: Sendable {
    package let descriptor: Int32
    private let writeEnd: Int32

    package init() {
        var ends: [Int32] = [-1, -1]
        // When no descriptors are left both stay -1, which `poll` passes over: then nothing wakes, nothing breaks.
        if pipe(&ends) == 0 {
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        }
        descriptor = ends[0]
        writeEnd = ends[1]
    }

    package func signal() {
        var byte: UInt8 = 0
        _ = write(writeEnd, &byte, 1)
    }

    deinit {
        for end in [descriptor, writeEnd] where end >= 0 { close(end) }
    }
}
