import Environment
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the process does on signals while it serves.
enum Signals {
    private static let termination = Mutex((isReceived: false, action: (@Sendable () -> Void)?.none))

    /// A start has so many seconds to its end when SIGTERM comes in the midst of it.
    private static let patience: UInt32 = 5

    /// Called while the main thread is the only one.
    ///
    /// SIGTERM is blocked for every thread and waited for by the main one, so there is no moment at which it would kill and
    /// no code that runs inside a signal handler. SIGINT from a terminal goes to the whole process group: it is meant for
    /// the host, which decides, unless a person types the requests.
    static func prepareToServe() {
        var termination = terminationSet
        pthread_sigmask(SIG_BLOCK, &termination, nil)
        if isatty(0) == 0 { _ = signal(SIGINT, SIG_IGN) }
    }

    /// Calls `action` when SIGTERM comes, also when it came before this.
    static func onTermination(_ action: @escaping @Sendable () -> Void) {
        let isReceived = termination.withLock { termination in
            termination.action = action
            return termination.isReceived
        }
        if isReceived { action() }
    }

    /// What the main thread does. A command that is no session is ended by SIGTERM itself, which waiting would take away.
    static func wait() -> Never {
        var blocked = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &blocked)
        while sigismember(&blocked, SIGTERM) != 1 { pause() }
        var set = terminationSet
        var received: Int32 = 0
        while sigwait(&set, &received) != 0 {}
        let action = termination.withLock { termination in
            termination.isReceived = true
            return termination.action
        }
        if let action {
            action()
        } else {
            sleep(patience)
            if termination.withLock({ $0.action == nil }) { endExhausted("was told to end before it could begin") }
        }
        while true { pause() }
    }

    private static var terminationSet: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        return set
    }
}
