internal import CustomerStore
internal import Environment
internal import JSON
internal import Stripe

/// Sets a customer aside: marked at Stripe, no longer synced, nothing lost. `restoreCustomer` undoes it.
enum ArchiveCustomer: ServiceMethod {
    static let name = "archiveCustomer"
    static let repetition: Repetition? = .customer

    struct Params: Decodable, Sendable { var customerId: String }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        var now = service.clock.now()
        // The mark holds the time, and a repetition is to send the same.
        if let call = context.noted, service.sync.isKeyKept(since: call.since) { now = call.since }
        let customer = try await service.change(
            params.customerId, CustomerSync.archiveMark(at: now), for: context.noted, isDone: \.isArchived)
        try await stored { () async throws(StoreError) in
            try await service.store.markArchived(params.customerId, at: now)
        }
        return customer.object
    }
}
