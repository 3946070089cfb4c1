import CustomerStore
package import Interface
import JSON

/// Walks all users in the order of their ids and syncs each, a few at a time, in constant memory.
package struct Backfill: Sendable {
    package struct Summary: Encodable, Sendable {
        package struct Failure: Encodable, Sendable {
            package var userId: String
            package var type: String
            package var reason: String
        }

        package var users = 0
        package var created = 0
        package var updated = 0
        package var unchanged = 0
        package var relinked = 0
        package var failed = 0
        /// The first hundred; `failed` counts all.
        package var failures: [Failure] = []
        package var dryRun: Bool
    }

    private let service: CustomerService
    private let isDryRun: Bool

    private static let pageSize = 100
    private static let concurrency = 16
    private static let failuresMax = 100

    package init(service: CustomerService, isDryRun: Bool) {
        self.service = service
        self.isDryRun = isDryRun
    }

    /// - Parameter progress: Told after each page.
    package func run(progress: @Sendable (Summary) -> Void) async throws(ServiceError) -> Summary {
        var summary = Summary(dryRun: isDryRun)
        var last: String?
        while true {
            let page = try await withStore { [last] () async throws(StoreError) in
                try await service.store.users(limit: Self.pageSize, after: last, linked: nil)
            }
            guard let end = page.last else { return summary }
            last = end.id
            await sync(page, &summary)
            progress(summary)
        }
    }

    private func sync(_ page: [User], _ summary: inout Summary) async {
        await withTaskGroup(of: (User, Result<SyncResult.Outcome, ServiceError>).self) { group in
            var users = page.makeIterator()
            for _ in 0..<Self.concurrency {
                if let user = users.next() { group.addTask { (user, await outcome(user)) } }
            }
            for await (user, outcome) in group {
                summary.count(outcome, of: user.id, failuresMax: Self.failuresMax)
                if let user = users.next() { group.addTask { (user, await self.outcome(user)) } }
            }
        }
    }

    private func outcome(_ user: User) async -> Result<SyncResult.Outcome, ServiceError> {
        do throws(ServiceError) {
            if isDryRun, let failure = try await foreseenFailure(user) { return .failure(failure) }
            if let known = try await foreseen(user) { return .success(known) }
            let result = try await auditedPart(of: "sync") { () async throws(ServiceError) in
                try await service.sync.bringInLine(user.id, SyncRequest(retriesRefused: true))
            }
            return result.refusal.map { .failure($0) } ?? .success(result.outcome)
        } catch {
            return .failure(error)
        }
    }

    /// What is known to stand in the way: the user is parked, Stripe has refused a field, or is known to refuse it. What
    /// waits for the operator may be mended by then.
    private func foreseenFailure(_ user: User) async throws(ServiceError) -> ServiceError? {
        let (change, refused) = try await withStore { () async throws(StoreError) in
            (
                try await service.store.queuedChanges(of: user.id, limit: 1).first,
                try await service.store.refusedFields(of: user.id, limit: Self.failuresMax)
            )
        }
        if let change, change.isParked {
            return ServiceError(ServiceError.Kind(rawValue: change.errorType) ?? .stripeRequestRejected, change.error)
        }
        let standing = service.sync.standing(refused, of: user)
        if let first = standing.first {
            let fields = standing.map(\.field).joined(separator: ", ")
            return ServiceError(.stripeRequestRejected, "Stripe refuses \(fields): \(first.error)")
        }
        let limits = ProfileLimits.violations(in: ProfileFields.profile(of: user, app: service.store.app))
        guard !limits.isEmpty else { return nil }
        let fields = limits.map(\.name).joined(separator: ", ")
        return ServiceError(.stripeRequestRejected, "Stripe will refuse \(fields): past its limits, or no address")
    }

    /// What a sync would do, as far as it can be told without Stripe; in earnest only `unchanged` saves the sync.
    private func foreseen(_ user: User) async throws(ServiceError) -> SyncResult.Outcome? {
        guard user.customerId != nil else { return isDryRun ? .created : nil }
        let synced = try await stored(await service.store.syncedProfile(of: user))
        guard let synced else { return isDryRun ? .updated : nil }
        let profile = ProfileFields.profile(of: user, app: service.store.app)
        let isInLine = ProfileFields.difference(from: synced, to: profile).isEmpty
        return isInLine ? .unchanged : isDryRun ? .updated : nil
    }
}

extension Backfill.Summary {
    fileprivate mutating func count(
        _ outcome: Result<SyncResult.Outcome, ServiceError>, of userId: String, failuresMax: Int
    ) {
        users += 1
        switch outcome {
        case .success(.created): created += 1
        case .success(.updated): updated += 1
        case .success(.unchanged): unchanged += 1
        case .success(.relinked): relinked += 1
        case .failure(let error):
            failed += 1
            guard failures.count < failuresMax else { return }
            failures.append(Failure(userId: userId, type: error.kind.rawValue, reason: error.message))
        }
    }
}
