#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A call to the operating system that failed.
package struct SystemError: Error, CustomStringConvertible {
    package var call: String
    package var code: Int32

    package var description: String { "\(call): \(String(cString: strerror(code)))" }
}

/// A TCP socket on 127.0.0.1. A plain value: who calls `end` is said where it is used.
struct LoopbackSocket: Sendable {
    private let descriptor: Int32

    #if canImport(Glibc)
        private static let stream = Int32(SOCK_STREAM.rawValue)
    #else
        private static let stream = SOCK_STREAM
    #endif

    private init() throws(SystemError) {
        descriptor = socket(AF_INET, Self.stream, 0)
        let code = errno
        guard descriptor >= 0 else { throw SystemError(call: "socket", code: code) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    private init(accepted: Int32) {
        descriptor = accepted
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        #if canImport(Darwin)
            setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
    }

    /// On the port, or on one of the system's choice for 0, which nobody else gets while it is open.
    static func bound(toPort port: UInt16 = 0) throws(SystemError) -> LoopbackSocket {
        let socket = try LoopbackSocket()
        // So that one that listens and one that does not can have the same port.
        var on: Int32 = 1
        #if canImport(Darwin)
            setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEPORT, &on, socklen_t(MemoryLayout<Int32>.size))
        #else
            setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
        guard withAddress(port: port, { bind(socket.descriptor, $0, $1) }) == 0 else { throw socket.failed("bind") }
        return socket
    }

    static func listening(onPort port: UInt16) throws(SystemError) -> LoopbackSocket {
        let listener = try bound(toPort: port)
        guard listen(listener.descriptor, 512) == 0 else { throw listener.failed("listen") }
        return listener
    }

    static func connected(toPort port: UInt16) -> LoopbackSocket? {
        guard let socket = try? LoopbackSocket() else { return nil }
        if withAddress(port: port, { connect(socket.descriptor, $0, $1) }) == 0 { return socket }
        socket.end()
        return nil
    }

    /// - Returns: `nil` once the listener can't accept any more.
    func nextConnection() -> LoopbackSocket? {
        while true {
            let accepted = accept(descriptor, nil, nil)
            if accepted >= 0 { return LoopbackSocket(accepted: accepted) }
            let code = errno
            if code != EINTR && code != ECONNABORTED { return nil }
        }
    }

    func port() throws(SystemError) -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        guard result == 0 else { throw failed("getsockname") }
        return UInt16(bigEndian: address.sin_port)
    }

    /// - Returns: `nil` at the end of the connection, however it came.
    func receive() -> [UInt8]? {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, initialized in
            repeat { count = read(descriptor, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
            initialized = max(count, 0)
        }
        return count > 0 ? bytes : nil
    }

    /// - Returns: `false` once the peer has gone.
    func transmit(_ bytes: [UInt8]) -> Bool {
        #if canImport(Darwin)
            let flags: Int32 = 0
        #else
            let flags = Int32(MSG_NOSIGNAL)
        #endif
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, flags) }
            let code = errno
            if count > 0 { rest = rest.dropFirst(count) } else if code != EINTR { return false }
        }
        return true
    }

    /// Sleeps, but not longer than until `shutDown`: that ends both directions, which `poll` reports unasked.
    func pause(milliseconds: Int) {
        var entry = pollfd(fd: descriptor, events: 0, revents: 0)
        poll(&entry, 1, Int32(milliseconds))
    }

    /// Ends every call that waits on the socket.
    func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    func end() { _ = close(descriptor) }

    /// https://man7.org/linux/man-pages/man7/socket.7.html: with SO_LINGER and a time of 0, `close` sends a reset.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    private func failed(_ call: String) -> SystemError {
        let code = errno
        end()
        return SystemError(call: call, code: code)
    }

    private static func withAddress(
        port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
