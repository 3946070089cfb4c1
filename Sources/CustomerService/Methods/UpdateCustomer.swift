internal import CustomerStore
internal import Environment
internal import JSON
internal import Stripe

/// Changes the given fields of a customer: what is left out stays, null unsets. By `metadata.userId` a lost database
/// finds its users' customers again, so that of a linked customer stays whatever is asked for.
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
        let (customerId, metadata) = (params.customerId, params.fields["metadata"])
        var holder: User?
        if let metadata {
            holder = try await stored { () async throws(StoreError) in
                try await service.store.user(customerId: customerId)
            }
            if let holder { try requireMark(of: holder, in: metadata) }
        }
        guard let user = holder, metadata?.isNull == true else {
            return try await service.change(
                customerId, params.fields, for: context.noted, isDone: { $0.has(params.fields) }
            ).object
        }
        let cleared = try await service.change(
            customerId, params.fields, for: context.noted, isDone: { $0.has(params.fields) }
        ) { () async throws(StoreError) in
            try await service.store.doubtMark(ProfileFields.userIdName, of: user.id, at: service.clock.now())
        }
        // What can't be sent now is in the queue.
        guard (try? await service.sync.bringInLine(user.id)) != nil,
            let marked = try? await service.livingCustomer(customerId)
        else { return cleared.object }
        return marked.object
    }

    private static func requireMark(of user: User, in metadata: JSONValue) throws(ServiceError) {
        guard let asked = metadata[ProfileFields.userIdName] else { return }
        if let userId = asked.string, sameCodePoints(userId, user.id) { return }
        throw .violation(
            of: "const", at: "/metadata/\(ProfileFields.userIdName)", params: ["expected": .string(user.id)],
            "names the user who has the customer, so it stays: leave it out, or call unlinkCustomer first")
    }
}
