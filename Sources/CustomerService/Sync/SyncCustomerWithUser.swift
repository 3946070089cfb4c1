/// Brings a user's customer in line with the user at once. Other than the queue, which trusts the link, it looks whether the
/// customer still lives, and sends also what Stripe has refused. What it refuses still is the error, when the rest has gone.
enum SyncCustomerWithUser: ServiceMethod {
    static let name = "syncCustomerWithUser"
    static let repetition: Repetition? = .kept

    struct Params: Decodable, Sendable { var userId: String }

    struct Answer: Encodable, Sendable {
        var userId: String
        var customerId: String
        var outcome: String
        var changed: [String]
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let result = try await service.sync.bringInLine(params.userId, SyncRequest(verify: true, retriesRefused: true))
        if let refusal = result.refusal { throw refusal }
        return Answer(
            userId: result.userId, customerId: result.customerId, outcome: result.outcome.rawValue,
            changed: result.changed)
    }
}
