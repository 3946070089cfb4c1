import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the process does on signals while it serves.
enum Signals {
    /// Called while the main thread is the only one.
    ///
    /// SIGTERM is blocked for every thread and waited for by one, so there is no moment at which it would kill and no
    /// code that runs inside a signal handler. SIGINT from a terminal goes to the whole process group: it is meant for
    /// the host, which decides, unless a person types the requests.
    static func prepareToServe() {
        var termination = terminationSet
        pthread_sigmask(SIG_BLOCK, &termination, nil)
        if isatty(0) == 0 { _ = signal(SIGINT, SIG_IGN) }
    }

    /// Calls `action` when SIGTERM comes, also when it came before this.
    static func onTermination(_ action: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "signals").async {
            var termination = terminationSet
            var received: Int32 = 0
            if sigwait(&termination, &received) == 0 { action() }
        }
    }

    private static var terminationSet: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        return set
    }
}
