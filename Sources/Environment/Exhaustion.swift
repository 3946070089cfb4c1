#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Ends the process, with one line, for want of what no code can go on without: a thread, a descriptor, memory. A trap
/// would say nothing of the cause.
package func endExhausted(_ what: String) -> Never {
    let line = Array("stripe-customers: \(what)\n".utf8)
    // A stderr that nobody reads must not hold up the end.
    var watched = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
    if poll(&watched, 1, 100) == 1 { _ = write(2, line, line.count) }
    // EX_SOFTWARE, and without exit handlers, which would need what is missing.
    _exit(70)
}
