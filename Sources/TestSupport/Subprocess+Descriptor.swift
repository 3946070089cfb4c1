#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One end of a pipe; closed when the last reference goes, so never while another thread reads or writes.
final class Descriptor: Sendable {
    let number: Int32

    private init(_ number: Int32) {
        self.number = number
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    }

    deinit { close(number) }

    static func pipe() throws(SystemError) -> (readEnd: Descriptor, writeEnd: Descriptor) {
        var ends: [Int32] = [-1, -1]
        let result = makePipe(&ends)
        let code = errno
        guard result == 0 else { throw SystemError(call: "pipe", code: code) }
        return (Descriptor(ends[0]), Descriptor(ends[1]))
    }

    /// - Returns: nothing at the end; waits for the first bytes.
    func read() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, initialized in
            var count = 0
            repeat { count = readBytes(number, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
            initialized = max(count, 0)
        }
    }

    /// To be called on a thread that blocks SIGPIPE.
    func write(_ bytes: [UInt8]) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { writeBytes(number, $0.baseAddress, $0.count) }
            let code = errno
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if code != EINTR {
                throw SystemError(call: "write", code: code)
            }
        }
    }

    /// - Returns: whether there are bytes, or the end, before the deadline.
    func waitUntilReadable(until deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let left = (deadline - .now) / .milliseconds(1)
            var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
            let result = poll(&entry, 1, Int32(left.rounded(.up).clamped(to: 0...Double(Int32.max))))
            if result > 0 { return true }
            if left <= 0 { return false }
        }
    }
}

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        max(range.lowerBound, min(range.upperBound, self))
    }
}

extension SystemError {
    static let closedPipe = SystemError(call: "write", code: EPIPE)
}

// The methods above hide the functions of the same name.
private func makePipe(_ ends: inout [Int32]) -> Int32 { pipe(&ends) }
private func readBytes(_ number: Int32, _ start: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(number, start, count)
}
private func writeBytes(_ number: Int32, _ start: UnsafeRawPointer?, _ count: Int) -> Int {
    write(number, start, count)
}
