import CustomerStore

/// Makes sure that a user has a customer, and never a second one.
enum EnsureCustomerExists: ServiceMethod {
    static let name = "ensureCustomerExists"
    static let repetition: Repetition? = .kept

    struct Params: Decodable, Sendable {
        var userId: String
        /// Ask Stripe whether the customer still lives, instead of trusting the link.
        var verify: Bool?
        /// Vouches for the address that the user has when the call is read.
        var emailVerified: Bool?
        /// Vouches for this address, whatever the user has by then.
        var verifiedEmail: String?
    }

    struct Answer: Encodable, Sendable {
        var customerId: String
        var created: Bool
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let verify = params.verify ?? false
        let user = try await stored(await service.store.user(params.userId))
        guard let user else { throw ServiceError.userNotFound(params.userId) }
        if let customerId = user.customerId, !verify { return Answer(customerId: customerId, created: false) }
        let vouched = params.verifiedEmail ?? (params.emailVerified == true ? user.email : nil)
        let result = try await service.sync.bringInLine(
            params.userId, SyncRequest(verify: verify, vouchedEmail: vouched))
        return Answer(customerId: result.customerId, created: result.isNewCustomer)
    }
}
