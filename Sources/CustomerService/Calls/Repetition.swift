import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// What a call that changes something answers when it comes again under the host's key: the first answer, or what has become
/// of it since. Nothing is done a second time, and nothing personal was kept for it.
///
/// | answer            | methods                                                   | what it is                           |
/// |-------------------|-----------------------------------------------------------|--------------------------------------|
/// | `registration`    | registerUser, updateUser                                  | the user, and its sync, as they are  |
/// | `user`            | linkCustomer, unlinkCustomer                              | the user as it is                    |
/// | `customer`        | createCustomer, updateCustomer, archiveCustomer, restoreCustomer | the customer as Stripe has it |
/// | `deletedCustomer` | deleteCustomer                                            | the first answer                     |
/// | `deletedUser`     | deleteUser                                                | the first answer, its state as it is |
/// | `erasure`         | eraseUser                                                 | how far it is; the report is not kept |
/// | `kept`            | ensureCustomerExists, syncCustomerWithUser                | the first answer, ids and words      |
///
/// syncAllUsers, reconcile and handleWebhook need no key: they do what is left to do, and an event counts once.
enum Repetition: Sendable {
    case registration, user, customer, deletedCustomer, deletedUser, erasure, kept

    /// The effect is at Stripe, so the call is noted before; else it is noted in the transaction that has the effect.
    var isNotedBefore: Bool {
        switch self {
        case .customer, .deletedCustomer, .kept: true
        case .registration, .user, .deletedUser, .erasure: false
        }
    }

    /// - Parameter again: The call that repeats it.
    func answer(
        _ call: NotedCall, _ again: Call, _ service: CustomerService
    ) async throws(ServiceError) -> JSONValue {
        switch self {
        case .registration: try encoded(try await registration(call, service))
        case .user: try encoded(try await user(call, service))
        case .customer: .object(try await customer(call, again.subject.userId, service))
        case .deletedCustomer:
            ["id": again.subject.customerId.map { .string($0) } ?? .null, "object": "customer", "deleted": true]
        case .deletedUser: try encoded(await DeleteUser.again(call, try read(again), service))
        case .erasure: try encoded(try await EraseUser.again(try read(again), service))
        case .kept:
            if let answer = call.answer, !call.isOfEarlierLife { answer } else { throw .lifeOver(of: call) }
        }
    }

    /// The user of the call, unless it is another one by now who has the id.
    private func user(_ call: NotedCall, _ service: CustomerService) async throws(ServiceError) -> User {
        guard let id = call.userId, !call.isOfEarlierLife else { throw .lifeOver(of: call) }
        let user = try await stored(await service.store.user(id))
        guard let user else { throw .lifeOver(of: call) }
        return user
    }

    /// What the first call queued and nobody has carried out yet is carried out.
    private func registration(
        _ call: NotedCall, _ service: CustomerService
    ) async throws(ServiceError) -> RegisterUser.Answer {
        var user = try await user(call, service)
        guard try await !stored(await service.store.queuedChanges(of: user.id, limit: 1)).isEmpty else {
            let report = SyncReport(state: "synced", outcome: "unchanged", changed: [])
            return RegisterUser.Answer(user: user, customerId: user.customerId, sync: report)
        }
        let (report, customerId) = await service.sync.report(on: user.id, SyncRequest(), claimed: nil)
        user.customerId = customerId ?? user.customerId
        return RegisterUser.Answer(user: user, customerId: user.customerId, sync: report)
    }

    /// The customer of the first call. One that was made for a user is that user's still, or nobody's.
    private func customer(
        _ call: NotedCall, _ userId: String?, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject {
        if userId != nil, call.isOfEarlierLife { throw .lifeOver(of: call) }
        guard let customerId = call.customerId else {
            throw ServiceError(.customerDeleted, "The customer of the first call under this key was erased since")
        }
        let customer = try await service.livingCustomer(customerId)
        guard let userId else { return customer.object }
        let holder = try await stored(await service.store.user(customerId: customerId)?.id)
        if let other = holder ?? customer.owner, !sameCodePoints(other, userId) {
            throw ServiceError(
                .idempotencyConflict, "What was created under this key is another user's by now",
                details: ["userId": .string(userId)])
        }
        return customer.object
    }

    private func read<Params: Decodable>(_ call: Call) throws(ServiceError) -> Params {
        do throws(DecodingError) { return try JSONValue.object(call.params).decoded() } catch {
            throw ServiceError(error)
        }
    }
}

extension ServiceError {
    fileprivate static func lifeOver(of call: NotedCall) -> ServiceError {
        var details: JSONObject = [:]
        details["userId"] = call.userId.map { .string($0) }
        return ServiceError(
            .userNotFound, "The user of the first call under this idempotency key has been deleted since",
            details: details)
    }
}

// MARK: - Carrying out

extension CustomerService {
    /// Carries out a call under the host's key, unless that has been done.
    /// - Parameter carryOut: What the method does. A call that was begun before, and of which nothing more is known, is
    ///   carried on by it (`CallContext.noted`).
    func once(
        _ key: HostKey, _ repetition: Repetition, _ context: CallContext,
        _ carryOut: (CallContext) async throws(ServiceError) -> JSONValue
    ) async throws(ServiceError) -> JSONValue {
        let params = context.call
        let call = try await noted(key, repetition, params)
        if let call, call.isOver { return try await again(call, repetition, params) }
        var context = context
        context.hostKey = key
        context.noted = call
        do throws(ServiceError) {
            let answer = try await carryOut(context)
            guard let call else { return answer }
            if try await finish(call, repetition, answer) { return answer }
            // Another call under the key was faster: it had the effect, and has the event of it.
            AuditScope.current?.isUnchanged = true
            // One call has one answer.
            if case .kept = repetition, let call = try await noted(key, repetition, params), call.isOver {
                return try await again(call, repetition, params)
            }
            return answer
        } catch {
            // Another process may have been faster: what it has done is in the way of this one.
            if let call = try? await noted(key, repetition, params), call.isOver {
                return try await again(call, repetition, params)
            }
            if let call, call.isNew, error.hasDoneNothing {
                try await stored(await store.forget(call))
            }
            throw error
        }
    }

    private func noted(
        _ key: HostKey, _ repetition: Repetition, _ call: Call
    ) async throws(ServiceError) -> NotedCall? {
        let userId = call.subject.userId ?? call.params["metadata"]?["userId"]?.string
        return try await withStore { () async throws(StoreError) in
            guard repetition.isNotedBefore else { return try await store.call(under: key) }
            return try await store.begin(
                key, userId: userId, customerId: call.subject.customerId, at: clock.now())
        }
    }

    private func again(
        _ call: NotedCall, _ repetition: Repetition, _ params: Call
    ) async throws(ServiceError) -> JSONValue {
        AuditScope.current?.isUnchanged = true
        return try await repetition.answer(call, params, self)
    }

    private func finish(
        _ call: NotedCall, _ repetition: Repetition, _ answer: JSONValue
    ) async throws(ServiceError) -> Bool {
        let customerId = answer["customerId"] ?? answer["id"]
        let kept = if case .kept = repetition { answer } else { JSONValue?.none }
        return try await stored(await store.finish(call, customerId: customerId?.string, answer: kept))
    }
}

extension NotedCall {
    /// Somebody has tried it before, and what came of that is not known here.
    var isCarriedOn: Bool { !isNew && !isDone }
}

extension ServiceError {
    /// Of a first attempt that failed so nothing has come, at Stripe or here.
    fileprivate var hasDoneNothing: Bool { !retryable && ![.idempotencyConflict, .internalError].contains(kind) }
}
