import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
package typealias Milliseconds = Int64

/// The time of day and the passing of time: one of the two seams at which tests put something else.
package protocol WallClock: Sendable {
    func now() -> Milliseconds
    /// Milliseconds since an arbitrary moment: only ever forward, at the pace of real time, also while the machine is
    /// suspended, whatever becomes of the time of day. For every deadline and every pause within the process.
    func steady() -> Milliseconds
    /// Returns early, without an error, when the task is cancelled.
    func sleep(_ duration: Milliseconds) async
}

extension WallClock {
    /// A clock that is moved by hand goes only forward.
    package func steady() -> Milliseconds { now() }
}

package struct SystemClock: WallClock {
    package init() {}

    package func now() -> Milliseconds { Self.read(CLOCK_REALTIME) }

    package func steady() -> Milliseconds {
        #if canImport(Darwin)
            // "clock that increments monotonically … and will continue to increment while the system is asleep"
            // (clock_gettime(3) of macOS).
            Self.read(CLOCK_MONOTONIC)
        #else
            // "identical to CLOCK_MONOTONIC, except that it also includes any time that the system is suspended"
            // (clock_gettime(2) of Linux): what has slept must see that it has slept.
            Self.read(CLOCK_BOOTTIME)
        #endif
    }

    private static func read(_ clock: clockid_t) -> Milliseconds {
        var time = timespec()
        // Fails only for an unknown clock or a bad address (clock_gettime(2)), and neither can be here.
        clock_gettime(clock, &time)
        return Milliseconds(time.tv_sec) * 1000 + Milliseconds(time.tv_nsec) / 1_000_000
    }

    package func sleep(_ duration: Milliseconds) async {
        try? await Task.sleep(for: .milliseconds(duration))
    }
}

/// The clock of `--deterministic`: it stands still, and who sleeps on it moves it and goes on at once.
package final class FixedClock: WallClock {
    /// 2026-01-01T00:00:00Z
    package static let start: Milliseconds = 1_767_225_600_000

    private let time: Atomic<Milliseconds>

    package init(at start: Milliseconds = FixedClock.start) { time = Atomic(start) }

    package func now() -> Milliseconds { time.load(ordering: .sequentiallyConsistent) }

    package func sleep(_ duration: Milliseconds) async {
        time.add(max(0, duration), ordering: .sequentiallyConsistent)
    }
}
