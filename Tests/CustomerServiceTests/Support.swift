import CustomerStore
import Dispatch
import Environment
import Synchronization

/// 1, 2, 3, …
final class Counter: Sendable {
    private let count = Atomic(0)
    func next() -> Int { count.add(1, ordering: .sequentiallyConsistent).newValue }
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
}

/// Waits on a thread of its own kind, such as a loopback connection's.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) {
    let done = DispatchSemaphore(value: 0)
    Task.detached {
        _ = await body()
        done.signal()
    }
    done.wait()
}

/// For whom no time passes: a busy machine may take longer over a test than a silent process counts as living.
func patientWatch() -> ProcessWatch { ProcessWatch(clock: FixedClock()) }
