import Environment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A small file that an option names. It may be a pipe, since `--policy <(…)` and a FIFO are ways to hand over what is to
/// lie in no file; into a pipe somebody has to write soon, so that no start waits for ever without a word.
struct SmallFile: Sendable {
    let option: String
    let path: String
    let bytesMax: Int
    var patience = Duration.seconds(30)

    /// - Parameter end: Nothing behind the first of these bytes is waited for.
    func read(until end: UInt8? = nil) throws(StartFailure) -> [UInt8] {
        // Else the opening of a FIFO would wait for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code = errno
            throw PastedSecret.isSecret(path) ? PastedSecret.refusal(of: option) : failure(systemReason(code))
        }
        defer { close(descriptor) }
        let deadline = ContinuousClock.now + patience
        var contents: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while contents.count <= bytesMax {
            let left = deadline - .now
            var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&watched, 1, Int32(max(0, left / .milliseconds(1))))
            guard ready > 0 else {
                if ready < 0, errno == EINTR { continue }
                throw failure("nobody has written it to its end in \(patience.components.seconds) seconds")
            }
            let count = systemRead(descriptor, &buffer)
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count >= 0 else { throw failure(systemReason(errno)) }
            contents += buffer[..<count]
            if count == 0 || end.map(buffer[..<count].contains) == true { return contents }
        }
        throw failure("it is larger than \(bytesMax) bytes")
    }

    private func systemRead(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, &buffer, buffer.count)
        #elseif canImport(Musl)
            Musl.read(descriptor, &buffer, buffer.count)
        #else
            Darwin.read(descriptor, &buffer, buffer.count)
        #endif
    }

    private func failure(_ reason: String) -> StartFailure {
        StartFailure(.configuration, "can't read the file of \(option), \(path): \(reason)")
    }
}
