import CustomerStore
import Environment
import JSON
import Stripe

/// Undoes `archiveCustomer`; what its user changed meanwhile is synced.
enum RestoreCustomer: ServiceMethod {
    static let name = "restoreCustomer"
    static let repetition: Repetition? = .customer

    struct Params: Decodable, Sendable { var customerId: String }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        let customer = try await service.change(
            params.customerId, for: context.noted, isDone: { !$0.isArchived }
        ) { ArchiveMark.fields(restoring: $0) }
        try await stored(await service.store.markRestored(params.customerId, at: service.clock.now()))
        return customer.object
    }
}
