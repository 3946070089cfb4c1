import Dispatch
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
