import CustomerStore
import Environment
import JSON

/// Registration is durable when this answers, whether or not Stripe can be reached; the customer follows by itself.
enum RegisterUser: ServiceMethod {
    static let name = "registerUser"
    static let repetition: Repetition? = .registration

    struct Params: Decodable, Sendable {
        var userId: String?
        var email: String
        var name: String?
        var phone: String?
        var metadata: JSONObject?
        var emailVerified: Bool?
    }

    struct Answer: Encodable, Sendable {
        var user: User
        var customerId: String?
        var sync: SyncReport
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let id: String
        if let given = params.userId { id = given } else { id = try newID(service) }
        var user = User(
            id: id, email: params.email, name: params.name, phone: params.phone, metadata: params.metadata ?? [:])
        let request = SyncRequest(vouchedEmail: params.emailVerified == true ? params.email : nil)
        let draft = service.sync.draft(request)
        let added = try await withStore { [user] () async throws(StoreError) in
            try await service.store.insertUser(
                user, under: context.hostKey, at: service.clock.now(), draft: draft)
        }
        user = added.user
        let (report, customerId) = await service.sync.report(on: user.id, request, claimed: added.claim)
        user.customerId = customerId
        return Answer(user: user, customerId: customerId, sync: report)
    }

    /// Empty where the table chooses by itself.
    private static func newID(_ service: CustomerService) throws(ServiceError) -> String {
        if service.store.ids.areChosen { return "" }
        if service.store.ids.areIntegers {
            throw .violation(
                of: "required", at: "", params: ["missingProperty": "userId"],
                "the member userId is missing: the users table has integer ids and chooses none by itself")
        }
        return "user_" + service.identifiers.next()
    }
}
