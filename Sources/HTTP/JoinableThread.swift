import Environment
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A thread of the operating system, for calls that block: the cooperative pool has one thread a core, and a call that
/// blocks one of them delays every task of the process.
package final class JoinableThread: Sendable {
    private let thread: Mutex<pthread_t?>

    /// Starts `body` at once, with every signal blocked: signals are for the threads that asked for them, and a write to
    /// a closed socket inside TLS then reports EPIPE instead of ending the process.
    package init(_ body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(body))
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let result = pthread_create(&thread, nil, { argument in Start.run(argument) }, start.toOpaque())
        // EAGAIN, the one possible error here, is the exhaustion of the process's resources, like a failed allocation.
        if result != 0 { endExhausted("no thread can be started (\(systemReason(result)))") }
        self.thread = Mutex(thread)
    }

    /// Waits for the end of the body. Later calls return as soon as the first has.
    package func join() {
        thread.withLock { thread in
            if let running = thread { pthread_join(running, nil) }
            thread = nil
        }
    }

    deinit {
        thread.withLock { thread in
            if let running = thread { pthread_detach(running) }
        }
    }

    private final class Start {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }

        static func run(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
            guard let argument else { return nil }
            let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
            var signals = sigset_t()
            sigfillset(&signals)
            pthread_sigmask(SIG_BLOCK, &signals, nil)
            start.body()
            return nil
        }
    }
}
