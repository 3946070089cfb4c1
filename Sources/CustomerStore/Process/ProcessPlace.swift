#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where a process runs: the machine's boot, the namespace of its process ids, and its id there. The kernel knows at once
/// what another process would have to watch for seconds to find out.
enum ProcessPlace {
    /// This process's; `nil` where the kernel doesn't tell, as on other systems than Linux.
    static let own: String? = context.map { "\($0) \(getpid())" }

    /// Whether the kernel says that nothing runs there any more. False also where it can't be asked: the process runs in
    /// another container or ran before the last boot. An id that went to another process counts as running too.
    static func isGone(_ place: String) -> Bool {
        let parts = place.split(separator: " ")
        guard parts.count == 3, let context, context == parts[0] + " " + parts[1], let id = pid_t(parts[2]), id > 0
        else { return false }
        // "If sig is 0, then no signal is sent, but existence and permission checks are still performed" (kill(2)).
        return kill(id, 0) != 0 && errno == ESRCH
    }

    /// Within which process ids can be compared.
    private static let context: String? = {
        guard let boot = boot(), let namespace = namespace() else { return nil }
        return boot + " " + namespace
    }()

    /// "a random string that is generated on each boot" (random(4)).
    private static func boot() -> String? {
        let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 64)
        let length = read(descriptor, &buffer, buffer.count)
        return word(buffer, length: length)
    }

    /// `pid:[4026531836]`: "if two processes are in the same namespace, then the device IDs and inode numbers … will be the
    /// same" (namespaces(7)).
    private static func namespace() -> String? {
        var buffer = [UInt8](repeating: 0, count: 64)
        let length = readlink("/proc/self/ns/pid", &buffer, buffer.count)
        return word(buffer, length: length)
    }

    private static func word(_ bytes: [UInt8], length: Int) -> String? {
        guard length > 0 else { return nil }
        return String(decoding: bytes.prefix(length).prefix { $0 > UInt8(ascii: " ") }, as: UTF8.self)
    }
}
