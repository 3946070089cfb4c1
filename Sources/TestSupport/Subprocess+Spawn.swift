#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Subprocess {
    /// `STRIPE_CUSTOMERS_BINARY`, else the executable that was built along with the running tests: SwiftPM puts it into
    /// the folder of the test bundle, whose path is among the arguments of whatever runs the bundle.
    package static let binary: String = {
        if let path = getenv("STRIPE_CUSTOMERS_BINARY") { return String(cString: path) }
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? ""
        var folders = bundle.split(separator: "/", omittingEmptySubsequences: false)
        if let index = folders.firstIndex(where: { $0.hasSuffix(".xctest") }) { folders.removeSubrange(index...) }
        return (folders + ["stripe-customers"]).joined(separator: "/")
    }()

    /// What a process gets from the tester's environment: what the dynamic linker and a coverage run need.
    package static let inheritedVariables = [
        "PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LLVM_PROFILE_FILE",
        // Of `.ci/sanitize`: what a sanitizer finds in the process goes where its other reports go.
        "LD_PRELOAD", "TSAN_OPTIONS", "ASAN_OPTIONS",
    ]

    /// - Parameter descriptors: become 0, 1 and 2; the process has no others.
    static func spawn(
        binary: String, arguments: [String], environment: [String: String], currentDirectory: String?,
        descriptors: [Descriptor]
    ) throws(SystemError) -> Int32 {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }

        for (number, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor.number, Int32(number))
        }
        // Close-on-exec alone leaves a gap: between `pipe` and `fcntl` another thread may spawn.
        #if canImport(Darwin)
            let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_CLOEXEC_DEFAULT
        #else
            let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
            for number in Int32(3)..<1024 { posix_spawn_file_actions_addclose(&actions, number) }
        #endif
        // The threads of the pool block signals, and a process inherits that from the thread that spawns it.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var variables = environment
        for name in inheritedVariables where variables[name] == nil {
            variables[name] = getenv(name).map { String(cString: $0) }
        }
        var command = [binary] + arguments
        if let currentDirectory {
            // Swift does not see posix_spawn's own way to change the directory; `exec` keeps the process's number.
            command = ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, currentDirectory] + command
        }
        var processID: pid_t = 0
        let code = withCStrings(command) { arguments in
            withCStrings(variables.map { "\($0.key)=\($0.value)" }) { environment in
                posix_spawn(&processID, command[0], &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else { throw SystemError(call: "posix_spawn \(binary)", code: code) }
        return processID
    }

    /// A null-terminated array of C strings, for the time of the call.
    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            // An array with an element has an address.
            body(buffer.baseAddress!)
        }
    }
}
