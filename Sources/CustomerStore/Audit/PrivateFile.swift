import Environment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A small file of mode 0600 that is only ever there as a whole.
struct PrivateFile: Sendable {
    let path: String

    init(_ path: String) { self.path = path }

    /// At most 4 KiB; `nil` when there is none.
    func read() throws(StoreError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            if code == ENOENT { return nil }
            throw failure("can't be read", code)
        }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw failure("can't be read", errno) }
        return Array(buffer[..<count])
    }

    /// Makes the file unless there is one: `link` refuses to replace, and the other name has all of the contents.
    func create(_ contents: [UInt8]) throws(StoreError) {
        let draft = try write(contents)
        defer { unlink(draft) }
        guard link(draft, path) == 0 || errno == EEXIST else { throw failure("can't be created", errno) }
    }

    /// Puts these contents in place of the old ones. After a power cut the file has one or the other.
    func replace(_ contents: [UInt8]) throws(StoreError) {
        let draft = try write(contents)
        guard rename(draft, path) == 0 else {
            let code = errno
            unlink(draft)
            throw failure("can't be replaced", code)
        }
    }

    private func write(_ contents: [UInt8]) throws(StoreError) -> String {
        let draft = "\(path).\(getpid())"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("can't be created", errno) }
        defer { close(descriptor) }
        var written = 0
        while written < contents.count {
            let count = contents[written...].withUnsafeBytes { sysWrite(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw failure("can't be written", errno) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw failure("can't be written", errno) }
        return draft
    }

    private func sysWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes, count)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes, count)
        #else
            Darwin.write(descriptor, bytes, count)
        #endif
    }

    private func failure(_ what: String, _ code: Int32) -> StoreError {
        .auditFile(path: path, reason: "it \(what): \(systemReason(code))")
    }
}
