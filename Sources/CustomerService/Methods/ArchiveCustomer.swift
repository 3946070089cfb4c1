internal import CustomerStore
internal import Environment
internal import JSON
internal import Stripe

/// Sets a customer aside: marked at Stripe, no longer synced, nothing lost. `restoreCustomer` undoes it.
enum ArchiveCustomer: ServiceMethod {
    static let name = "archiveCustomer"

    struct Params: Decodable, Sendable { var customerId: String }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        let now = service.clock.now()
        let customer = try await service.change(
            params.customerId, CustomerSync.archiveMark(at: now),
            idempotencyKey: context.idempotencyKey ?? service.freshKey())
        try await stored { () async throws(StoreError) in
            try await service.store.markArchived(params.customerId, at: now)
        }
        return customer.object
    }
}
