import CustomerStore
import Environment
import JSON

/// Changes a user; the change is durable when this answers, and Stripe follows.
enum UpdateUser: ServiceMethod {
    static let name = "updateUser"
    static let repetition: Repetition? = .registration

    struct Params: Decodable, Sendable {
        var userId: String
        // A JSONValue tells a null, which unsets, from a member that is missing, which leaves things as they are.
        var email: String?
        var name: JSONValue?
        var phone: JSONValue?
        var metadata: JSONValue?
    }

    typealias Answer = RegisterUser.Answer

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let change = UserChange(
            email: params.email, name: params.name.map(\.string), phone: params.phone.map(\.string),
            metadata: params.metadata.map(\.object))
        if params.metadata?.object != nil {
            let known = try await stored(await service.store.user(params.userId))
            var changed = known
            changed?.apply(change)
            // Another program may have given the user more: then what does not add to it is a way back.
            if let known, let changed, changed.metadata.count > known.metadata.count {
                try requireRoomForMarks(in: changed.metadata)
            }
        }
        let request = SyncRequest()
        let draft = service.sync.draft(request)
        let updated = try await stored(
            await service.store.updateUser(
                params.userId, change, under: context.hostKey, at: service.clock.now(), draft: draft))
        guard let updated else { throw ServiceError.userNotFound(params.userId) }
        var user = updated.user
        let (report, customerId) = await service.sync.report(on: user.id, request, claimed: updated.claim)
        user.customerId = customerId ?? user.customerId
        return Answer(user: user, customerId: user.customerId, sync: report)
    }
}
