import CustomerStore
import Environment
import Interface
import JSON
import Stripe
import Synchronization

/// Drains the sync queue in the background: takes what is due, a few users at a time, and keeps this process's leases
/// alive. Any number of processes may do so on one database.
package final class SyncWorker: Sendable {
    private let sync: CustomerSync
    private let store: CustomerStore
    private let clock: any WallClock
    private let log: Log
    private let isStopping = Atomic(false)
    private let running = Atomic(0)
    /// The last piece of work failed for a reason that the next one will meet too.
    private let isOutage = Atomic(false)
    /// Which kind of work goes first: another one each time, for in an outage one piece is tried at a time.
    private let turn = Atomic(0)
    /// No erasure is tried again before this moment of the steady clock.
    private let erasuresNotBefore = Atomic<Milliseconds>(0)

    /// How soon a change that another program made to the users table is seen.
    static let pollInterval: Milliseconds = 250
    private static let concurrency = 16
    private static let pace: Milliseconds = 10
    /// A drain waits this long for what was put back, a rate limit for example: in all, since something last succeeded, for
    /// of many pieces that fail again and again one is always about to come due.
    private static let drainPatience: Milliseconds = 15_000
    /// A reader that kept an erasure from its end may take minutes.
    private static let erasurePause: Milliseconds = 5_000

    init(sync: CustomerSync, store: CustomerStore, clock: any WallClock, log: Log) {
        self.sync = sync
        self.store = store
        self.clock = clock
        self.log = log
    }

    /// Works until `stop()`.
    package func run() async {
        while !isStopping.load(ordering: .relaxed) {
            // In an outage one piece at a time finds out when it is over; the others are not tried in vain.
            let isOutage = isOutage.load(ordering: .relaxed)
            let free = (isOutage ? 1 : Self.concurrency) - running.load(ordering: .relaxed)
            let work = free > 0 ? await due(limit: free) : []
            for piece in work {
                running.add(1, ordering: .relaxed)
                Task {
                    _ = await carryOut(piece)
                    running.subtract(1, ordering: .relaxed)
                }
            }
            await clock.sleep(work.isEmpty || isOutage ? Self.pollInterval : Self.pace)
        }
        while running.load(ordering: .relaxed) > 0 { await clock.sleep(Self.pace) }
    }

    package func stop() { isStopping.store(true, ordering: .relaxed) }

    /// Carries out what is in the queue until only what is parked or can't be done now is left.
    ///
    /// What fails although Stripe can be reached (a rate limit, a conflict) is waited for; after a failure to reach
    /// Stripe it stays queued on disk. What waits for the operator is tried once.
    package func drain() async {
        var lastSuccess = clock.steady()
        var forOperator: Set<String> = []
        while true {
            let due = await due(limit: Self.concurrency)
            let work = due.filter { !forOperator.contains($0.subject) }
            if work.isEmpty, !due.isEmpty { return }
            if work.isEmpty {
                // A call that was answered before its work was done still has its lock.
                if !sync.locks.held.isEmpty {
                    await SystemClock().sleep(Self.pace)
                } else if let pause = await pauseUntilNextDue(),
                    clock.steady() + pause - lastSuccess <= Self.drainPatience
                {
                    await clock.sleep(pause)
                } else {
                    return
                }
                continue
            }
            let failed = await withTaskGroup(of: (String, ServiceError?).self) { group in
                for piece in work { group.addTask { (piece.subject, await self.carryOut(piece)) } }
                return await group.reduce(into: [(String, ServiceError)]()) { failed, end in
                    if let failure = end.1 { failed.append((end.0, failure)) }
                }
            }
            for (subject, failure) in failed where failure.awaited == .operator { forOperator.insert(subject) }
            guard failed.count == work.count else {
                lastSuccess = clock.steady()
                continue
            }
            // What fails here and not at Stripe is stuck by itself, with others behind it.
            if failed.map(\.1).contains(where: { $0.isOutage && $0.kind != .storageUnavailable }) { return }
            if clock.steady() - lastSuccess > Self.drainPatience { return }
            await clock.sleep(Self.pace)
        }
    }

    /// A database that was closed while this was under way is the end, and no failure.
    private func tell(_ event: String, _ error: StoreError) {
        if case .closed = error { return }
        log(.error, event, ["error": .string(error.description)])
    }

    /// Renews this process's leases until the task is cancelled, and sees to it that the users table keeps its triggers.
    package func keepLeases() async {
        while !Task.isCancelled {
            do throws(StoreError) { try await store.renewLeases() } catch {
                tell("lease.renewal_failed", error)
            }
            do throws(StoreError) {
                try await store.restoreUsersTable()
                tellRestoredParts()
            } catch {
                tell("triggers.restore_failed", error)
            }
            for _ in 0..<CustomerStore.leaseRenewal / CustomerStore.watchInterval where !Task.isCancelled {
                await SystemClock().sleep(CustomerStore.watchInterval)
                // What can't be read now is looked at again with the next renewal.
                do throws(StoreError) { try await store.watchProcesses() } catch {}
            }
        }
    }

    package func tellRestoredParts() {
        let count = store.takeRestoredParts()
        if count > 0 { log(.warning, "triggers.restored", ["count": .number(JSONNumber(count))]) }
    }

    // MARK: Pieces of work

    private enum Work: Sendable {
        case user(String)
        case disposal(Disposal)
        /// An erasure of which only the scrubbing here is left.
        case erasure(String)

        var isErasure: Bool { if case .erasure = self { true } else { false } }

        var subject: String {
            switch self {
            case .user(let id): LeaseName.user(id).text
            case .disposal(let disposal): LeaseName.customer(disposal.customerId).text
            case .erasure(let id): "erasure:" + id
            }
        }

        /// What the audit log calls it.
        var name: String {
            switch self {
            case .user: "sync"
            case .disposal: "dispose"
            case .erasure: "erase"
            }
        }
    }

    private func due(limit: Int) async -> [Work] {
        let held = sync.locks.held
        do throws(StoreError) {
            let now = clock.now()
            let latest = StoredTime.latestBelieved(at: now, ahead: Backoff.longest)
            let users = try await store.dueUsers(at: now, latest: latest, limit: limit + held.count)
            let disposals = try await store.dueDisposals(at: now, latest: latest, limit: limit + held.count)
            let isTimeToErase =
                SystemClock().steady() >= erasuresNotBefore.load(ordering: .relaxed)
                && !held.contains(CustomerSync.purgeLease)
            let erasures = isTimeToErase ? try await store.dueErasures() : []
            let first = turn.wrappingAdd(1, ordering: .relaxed).newValue
            return takingTurns(
                [
                    users.filter { !held.contains(.user($0)) }.map { Work.user($0) },
                    disposals.filter { !held.contains(.customer($0.customerId)) }.map { Work.disposal($0) },
                    erasures.map { Work.erasure($0) },
                ], first: first, limit: limit)
        } catch {
            tell("sync.queue_unreadable", error)
            return []
        }
    }

    /// How long to wait for what was put back for a moment; `nil` when there is nothing to wait for.
    private func pauseUntilNextDue() async -> Milliseconds? {
        guard sync.stripe.status.reachable != false, let next = try? await store.nextDue() else { return nil }
        let pause = StoredTime.wait(until: next, at: clock.now(), ahead: Backoff.longest)
        return pause <= Self.drainPatience ? max(pause, Self.pace) : nil
    }

    private func carryOut(_ work: Work) async -> ServiceError? {
        do throws(ServiceError) {
            try await audited(work.name, as: .system) { _ async throws(ServiceError) in
                switch work {
                case .user(let userId): _ = try await sync.bringInLine(userId)
                case .disposal(let disposal): try await sync.dispose(of: disposal.customerId)
                case .erasure(let userId): try await sync.finishErasure(of: userId)
                }
            }
            isOutage.store(false, ordering: .relaxed)
            if sync.notice.isRaised, let waits = try? await store.waitingForOperator() {
                sync.notice.lower(unless: !waits.isEmpty, log)
            }
            return nil
        } catch {
            guard !work.isErasure else {
                erasuresNotBefore.store(SystemClock().steady() + Self.erasurePause, ordering: .relaxed)
                return error
            }
            isOutage.store(error.isOutage, ordering: .relaxed)
            // The user is gone and so is its entry.
            return error.kind == .userNotFound ? nil : error
        }
    }
}

/// Elements of each kind in turn, in their order, so that no kind waits for the end of a longer one.
/// - Parameter first: The kind that begins, counted around.
package func takingTurns<Element>(_ kinds: [[Element]], first: Int, limit: Int) -> [Element] {
    guard !kinds.isEmpty, limit > 0 else { return [] }
    let begin = Int(first.magnitude % UInt(kinds.count))
    let order = kinds[begin...] + kinds[..<begin]
    var taken: [Element] = []
    for row in 0..<(kinds.map(\.count).max() ?? 0) {
        for kind in order where row < kind.count {
            taken.append(kind[row])
            if taken.count == limit { return taken }
        }
    }
    return taken
}

extension ServiceError {
    /// Nothing goes through to Stripe at this time.
    var isOutage: Bool {
        switch kind {
        case .usersTableRefused: false
        case .stripeUnavailable, .storageUnavailable: true
        default: awaited == .operator
        }
    }
}
