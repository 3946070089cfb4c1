import Dispatch
import Synchronization

/// How many requests are in work or wait for their answer to be written, and the limit of that.
///
/// It bounds the process, with `BatchMemory` for what batches keep: past it nothing is read, so a host that asks and never
/// listens costs the memory of `limit` requests and their answers, and no more.
package final class InFlight: Sendable {
    private struct State {
        var count = 0
        var readerWaits = false
        var idleWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let limit: Int
    private let state = Mutex(State())
    private let freed = DispatchSemaphore(value: 0)

    package init(limit: Int) { self.limit = max(1, limit) }

    /// Takes a place, blocking the calling thread while there is none. Only the reading thread may call this.
    ///
    /// - Parameter holds: how many times the place has to be released before it is free again.
    package func enter(holds: Int) -> Place {
        let waits = state.withLock { state in
            if state.count < limit {
                state.count += 1
            } else {
                state.readerWaits = true
            }
            return state.readerWaits
        }
        // `leave` passes its place on, so the count stays.
        if waits { freed.wait() }
        return Place(in: self, holds: holds)
    }

    fileprivate func leave() {
        let (wakesReader, idleWaiters) = state.withLock { state in
            if state.readerWaits {
                state.readerWaits = false
                return (true, [CheckedContinuation<Void, Never>]())
            }
            state.count -= 1
            guard state.count == 0 else { return (false, []) }
            defer { state.idleWaiters = [] }
            return (false, state.idleWaiters)
        }
        if wakesReader { freed.signal() }
        for waiter in idleWaiters { waiter.resume() }
    }

    /// Returns once nothing is in flight.
    package func idle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.count > 0 { state.idleWaiters.append(continuation) }
                return state.count == 0
            }
            if isIdle { continuation.resume() }
        }
    }
}

/// A request's place in flight. It is held twice: by the work, which goes on after a cancelled request has been
/// answered, and by the answer until it has been written.
package final class Place: Sendable {
    private let inFlight: InFlight
    private let holds: Atomic<Int>

    fileprivate init(in inFlight: InFlight, holds: Int) {
        self.inFlight = inFlight
        self.holds = Atomic(holds)
    }

    package func release() {
        if holds.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { inFlight.leave() }
    }
}
