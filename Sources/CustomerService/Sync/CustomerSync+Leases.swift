import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Leases: what several processes on one database do one after another.
extension CustomerSync {
    /// A lease of another process is waited for this long: longer than a killed owner's lives on.
    private static let leasePatience: Milliseconds = 15_000

    /// At most one change of a customer is under way, in this process and in all others.
    func withLease<T: Sendable>(
        on customerId: String, _ body: () async throws(ServiceError) -> T
    ) async throws(ServiceError) -> T {
        try await withLease(.customer(customerId), "the customer", body)
    }

    func withLease<T: Sendable>(
        _ name: LeaseName, _ what: String, _ body: () async throws(ServiceError) -> T
    ) async throws(ServiceError) -> T {
        try await locked(name) { _ async throws(ServiceError) in
            _ = try await leased(what) { () async throws(StoreError) in try await store.lease(name) ? true : nil }
            let result: Result<T, ServiceError>
            do throws(ServiceError) { result = .success(try await body()) } catch { result = .failure(error) }
            do throws(StoreError) {
                try await store.release(name)
            } catch {
                // It expires by itself.
                log(.error, "lease.release_failed", ["error": .string(error.description)])
            }
            return try result.get()
        }
    }

    /// Alone in this process, and behind a fence: what is changed at Stripe under leases that are taken in `body` is sent
    /// only while they stand.
    func locked<T: Sendable>(
        _ name: LeaseName, _ body: (Bool) async throws(ServiceError) -> T
    ) async throws(ServiceError) -> T {
        try await locks.withLock(name) { waited async throws(ServiceError) in
            try await fenced(while: store.leaseFence()) { () async throws(ServiceError) in try await body(waited) }
        }
    }

    /// Repeats until the lease is to be had. Time is the real one: other processes live in it.
    func leased<T: Sendable>(
        _ what: String, _ take: () async throws(StoreError) -> T?
    ) async throws(ServiceError) -> T {
        let clock = SystemClock()
        let deadline = clock.steady() + Self.leasePatience
        while true {
            if let taken = try await stored(await take()) { return taken }
            guard clock.steady() < deadline else {
                throw ServiceError(
                    .storageUnavailable, "Another process has been working on \(what) for too long", retryable: true)
            }
            await clock.sleep(20 + Milliseconds(Double.random(in: 0..<60)))
        }
    }

    static func leaseLost(_ userId: String) -> ServiceError {
        ServiceError(
            .storageUnavailable, "Another process took over the user", retryable: true,
            details: ["userId": .string(userId)])
    }
}
