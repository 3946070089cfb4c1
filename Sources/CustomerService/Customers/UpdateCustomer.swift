import CustomerStore
import Environment
import JSON
import Stripe

/// Changes the given fields of a customer: what is left out stays, null unsets. The marks in its metadata stay whatever is
/// asked for: by them a lost database finds its users' customers again.
enum UpdateCustomer: ServiceMethod {
    static let name = "updateCustomer"
    static let repetition: Repetition? = .customer

    struct Params: Decodable, Sendable {
        let customerId: String
        /// Everything else, under Stripe's own names.
        let fields: JSONObject

        init(from decoder: any Decoder) throws {
            var fields = try decoder.singleValueContainer().decode(JSONObject.self)
            customerId = fields["customerId"]?.string ?? ""
            fields["customerId"] = nil
            self.fields = fields
        }
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        guard params.fields["metadata"]?.isNull == true else {
            return try await service.change(
                params.customerId, for: context.noted, isDone: { $0.has(params.fields) }
            ) { _ in params.fields }.object
        }
        return try await clearMetadata(params, context.noted, service).object
    }

    /// Stripe has no way to unset all but some: the marks are put back at once, and by a sync should that fail or the process
    /// be killed in between.
    private static func clearMetadata(
        _ params: Params, _ call: NotedCall?, _ service: CustomerService
    ) async throws(ServiceError) -> Customer {
        let customerId = params.customerId
        var marks: [JSONObject.Member] = []
        let cleared = try await service.change(
            customerId, for: call, isDone: { $0.has(params.fields) },
            prepare: { () async throws(StoreError) in
                try await service.store.doubtMarks(of: customerId, at: service.clock.now())
            }
        ) { customer in
            marks = (customer.metadata ?? [:]).members.filter { CustomerMark.isReserved($0.name) }
            return params.fields
        }
        let metadata = JSONObject(marks)
        let marked = try? await service.change(customerId, for: nil, isDone: { _ in false }) { _ in
            metadata.isEmpty ? [:] : ["metadata": .object(metadata)]
        }
        let holder = try await stored(await service.store.user(customerId: customerId))
        // What can't be sent now is in the queue.
        if let holder { _ = try? await service.sync.bringInLine(holder.id) }
        return marked ?? cleared
    }
}
