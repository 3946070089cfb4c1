#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes all the bytes, blocking the thread for as long as that takes: one `write(2)`, and more only when the system
/// took a part ("a successful write() may transfer fewer than count bytes", write(2)) or a signal came in between.
///
/// - Returns: `nil`, or the `errno` of the failure: `EPIPE` when the reader is gone (SIGPIPE must be ignored).
package func writeWhole(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
    bytes.withUnsafeBytes { buffer in
        var rest = buffer[...]
        while let base = rest.baseAddress, !rest.isEmpty {
            let count = write(descriptor, base, rest.count)
            let code = errno
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if code == EAGAIN {
                // Somebody who shares the open file description has made it non-blocking.
                var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&watched, 1, -1)
            } else if code != EINTR {
                return code
            }
        }
        return nil
    }
}

extension Slice where Base == UnsafeRawBufferPointer {
    fileprivate var baseAddress: UnsafeRawPointer? { base.baseAddress.map { $0 + startIndex } }
}
