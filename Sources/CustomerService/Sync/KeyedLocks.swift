package import CustomerStore
import Synchronization

/// One caller at a time for each name, within this process; the others wait in the order in which they came. The leases
/// in the database do the same between processes.
package final class KeyedLocks: Sendable {
    private let waiting = Mutex<[LeaseName: [CheckedContinuation<Bool, Never>]]>([:])

    package init() {}

    /// Names that somebody holds at this moment.
    package var held: Set<LeaseName> { waiting.withLock { Set($0.keys) } }

    /// - Parameter body: Told whether it had to wait for somebody.
    package func withLock<T, E: Error>(_ name: LeaseName, _ body: (Bool) async throws(E) -> T) async throws(E) -> T {
        let waited = await acquire(name)
        defer { release(name) }
        return try await body(waited)
    }

    private func acquire(_ name: LeaseName) async -> Bool {
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                guard waiting[name] != nil else {
                    waiting[name] = []
                    return true
                }
                waiting[name]?.append(continuation)
                return false
            }
            if isFree { continuation.resume(returning: false) }
        }
    }

    private func release(_ name: LeaseName) {
        let next: CheckedContinuation<Bool, Never>? = waiting.withLock { waiting in
            guard waiting[name]?.isEmpty == false else {
                waiting[name] = nil
                return nil
            }
            return waiting[name]?.removeFirst()
        }
        next?.resume(returning: true)
    }
}
