import Environment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What every start needs of the system: threads, descriptors, memory.
///
/// Where one of them is refused later, nobody can say so: libdispatch waits for a thread for ever, and what runs out of
/// memory or descriptors inside a library ends in a trap. So they are taken once, all together, before anything is begun,
/// and given back.
enum Provisions {
    /// The cooperative pool (one a core, at least two), libdispatch's own, and those that block: the log, the database, the
    /// reader, the writer, the watch over the host, the transfers; and a margin.
    private static var threads: Int { max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))) + 12 }
    /// The protocol, the database with its log, the audit log's files, the event loops, and connections to Stripe.
    private static let descriptors = 24
    /// Addresses for a start and a few calls, of which most stay unused: glibc reserves 64 MB for each thread that allocates
    /// much, and a session has four of those. With 64 MB the start went well under a limit of 300 MB, and the first call
    /// did not.
    private static let bytes = 256 << 20

    /// - Returns: What can't be had, in one line; `nil` when all is well.
    static func missing() -> String? {
        // Held while the threads start: all of it has to be there at once. Addresses alone, so no memory is used up.
        let memory = mmap(nil, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1, 0)
        guard memory != MAP_FAILED else {
            return "can't have \(bytes >> 20) MB of addresses (\(systemReason(errno))): raise the limit (ulimit -v)"
        }
        defer { munmap(memory, bytes) }
        if let code = refusalOfThreads() {
            return "can't start \(threads) threads (\(systemReason(code))): raise the limit on processes or memory "
                + "(ulimit -u, ulimit -v, a container's pids and memory limits)"
        }
        if let code = refusalOfDescriptors() {
            return "can't open \(descriptors) files at once (\(systemReason(code))): raise the limit (ulimit -n)"
        }
        return nil
    }

    /// Starts them all, none of which ends before the last has begun.
    private static func refusalOfThreads() -> Int32? {
        let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        pthread_mutex_init(gate, nil)
        pthread_mutex_lock(gate)
        var started: [pthread_t] = []
        var refusal: Int32?
        while started.count < threads, refusal == nil {
            #if canImport(Darwin)
                var thread: pthread_t?
            #else
                var thread = pthread_t()
            #endif
            let result = pthread_create(
                &thread, nil,
                { gate in
                    #if canImport(Darwin)
                        let mutex = gate.assumingMemoryBound(to: pthread_mutex_t.self)
                    #else
                        guard let mutex = gate?.assumingMemoryBound(to: pthread_mutex_t.self) else { return nil }
                    #endif
                    // glibc gives each thread's memory 64 MB of addresses or more: where these are limited they would be
                    // missing for the stacks of later threads. What is taken here is there to be used again.
                    free(strdup("arena"))
                    pthread_mutex_lock(mutex)
                    pthread_mutex_unlock(mutex)
                    return nil
                }, gate)
            #if canImport(Darwin)
                if result == 0, let thread { started.append(thread) }
            #else
                if result == 0 { started.append(thread) }
            #endif
            if result != 0 { refusal = result }
        }
        pthread_mutex_unlock(gate)
        for thread in started { pthread_join(thread, nil) }
        pthread_mutex_destroy(gate)
        gate.deallocate()
        return refusal
    }

    private static func refusalOfDescriptors() -> Int32? {
        var opened: [Int32] = []
        defer { for descriptor in opened { close(descriptor) } }
        while opened.count < descriptors {
            let descriptor = open("/dev/null", O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else { return errno }
            opened.append(descriptor)
        }
        return nil
    }
}
