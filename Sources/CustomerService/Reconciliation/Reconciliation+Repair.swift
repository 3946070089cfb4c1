import CustomerStore
import Environment
import Interface
import Stripe

/// Repairing what was found.
extension Reconciliation {
    private static let repairsAtOnce = 8

    /// Repairs what can be repaired by the rules of the sync. Nothing is deleted or archived.
    /// - Throws: `ServiceError` when nothing can be repaired at this time: the next reconciliation goes on there.
    func repaired(_ found: [ReconcileFinding]) async throws(ServiceError) -> [ReconcileFinding] {
        var found = found
        var waiting = found.indices.filter { found[$0].repair != nil }[...]
        while !waiting.isEmpty {
            let some = waiting.prefix(Self.repairsAtOnce)
            waiting = waiting.dropFirst(Self.repairsAtOnce)
            let results = await withTaskGroup(of: (Int, Result<Bool, ServiceError>).self) { group in
                for index in some {
                    let finding = found[index]
                    group.addTask { (index, await attempt(finding)) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            for (index, result) in results {
                switch result {
                case .success(let isFixed): found[index].isFixed = isFixed
                case .failure(let error) where error.isOutage: throw error
                case .failure(let error): found[index].action += "; tried: \(error.kind.rawValue) (\(error.message))"
                }
            }
        }
        return found
    }

    private func attempt(_ finding: ReconcileFinding) async -> Result<Bool, ServiceError> {
        do throws(ServiceError) { return .success(try await repair(finding)) } catch { return .failure(error) }
    }

    private func repair(_ finding: ReconcileFinding) async throws(ServiceError) -> Bool {
        guard let repair = finding.repair, let userId = finding.userId else { return false }
        switch repair {
        case .sync:
            if let refusal = try await service.sync.bringInLine(userId).refusal { throw refusal }
        case .relink:
            if let other = finding.successor, let dead = finding.customerId,
                try await service.presentCustomer(other) != nil
            {
                try await stored(await store.unlinkDeleted(dead))
                _ = try await service.adopt(other, by: userId)
            }
            _ = try await service.sync.bringInLine(userId, SyncRequest(verify: true))
        case .takeIn:
            guard let customerId = finding.customerId else { return false }
            // Again where the outcome of an update was not known: only now can be told what was edited since.
            for _ in 0..<2 where try await takeIn(customerId, of: userId) { return true }
            return false
        case .archive:
            guard let customerId = finding.customerId else { return false }
            try await stored(await store.noteDisposal(customerId, .archive, at: service.clock.now()))
            try await service.sync.dispose(of: customerId)
        case .adopt:
            guard let customerId = finding.customerId, try await service.adopt(customerId, by: userId) else {
                return false
            }
            if let refusal = try await service.sync.bringInLine(userId).refusal { throw refusal }
        }
        return true
    }

    /// - Returns: Whether user and customer are in line now. An address that another user has, say, can't go into the row.
    private func takeIn(_ customerId: String, of userId: String) async throws(ServiceError) -> Bool {
        try await service.sync.withLease(.user(userId), "the user") { () async throws(ServiceError) in
            guard let customer = try await service.presentCustomer(customerId), !customer.isDeleted else { return }
            _ = try await service.absorb(customer.object)
        }
        _ = try await service.sync.bringInLine(userId)
        guard let customer = try await service.presentCustomer(customerId), let link = try await link(to: customerId)
        else { return false }
        var ignored = Progress(fixes: true, startedAt: 0, auditEnd: 0)
        return compare(customer, link, &ignored).isEmpty
    }
}
