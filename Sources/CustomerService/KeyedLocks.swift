package import CustomerStore
import Synchronization

/// One caller at a time for each name, within this process; the others wait in the order in which they came. The leases
/// in the database do the same between processes.
package final class KeyedLocks: Sendable {
    private let waiting = Mutex<[LeaseName: [CheckedContinuation<Void, Never>]]>([:])

    package init() {}

    /// Names that somebody holds at this moment.
    package var held: Set<LeaseName> { waiting.withLock { Set($0.keys) } }

    package func withLock<T, E: Error>(_ name: LeaseName, _ body: () async throws(E) -> T) async throws(E) -> T {
        await acquire(name)
        defer { release(name) }
        return try await body()
    }

    private func acquire(_ name: LeaseName) async {
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                guard waiting[name] != nil else {
                    waiting[name] = []
                    return true
                }
                waiting[name]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func release(_ name: LeaseName) {
        let next: CheckedContinuation<Void, Never>? = waiting.withLock { waiting in
            guard waiting[name]?.isEmpty == false else {
                waiting[name] = nil
                return nil
            }
            return waiting[name]?.removeFirst()
        }
        next?.resume()
    }
}
