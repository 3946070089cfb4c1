import JSON

/// What a call under the scope `self` may answer: what is the actor's own. The params have been checked before; this is
/// for what an answer holds beyond what was asked for.
struct SelfConfinement: Sendable {
    let method: String
    let userId: String
    let customerId: String?

    func confined(_ answer: JSONValue) -> JSONValue {
        switch method {
        // Addresses are not unique, neither at Stripe nor in every host's table. The methods look for the actor's own.
        case "getCustomerByEmail": isOwnCustomer(answer["id"]) ? answer : .null
        case "getUserByEmail": isOwnUser(answer["id"]) ? answer : .null
        // The queue's list is about everybody.
        case "getSyncStatus": confined(status: answer)
        // Why the customer is not there yet may be that several have the address.
        case "registerUser", "updateUser": confined(registration: answer)
        default: answer
        }
    }

    /// Without the ids of others.
    func confined(_ error: ServiceError) -> ServiceError {
        var error = error
        error.details["candidates"] = nil
        if !isOwnUser(error.details["userId"]) { error.details["userId"] = nil }
        if !isOwnCustomer(error.details["customerId"]) { error.details["customerId"] = nil }
        return error
    }

    private func confined(status: JSONValue) -> JSONValue {
        guard var object = status.object else { return status }
        object["parked"] = .array((object["parked"]?.array ?? []).filter { isOwnUser($0["userId"]) })
        return .object(object)
    }

    private func confined(registration: JSONValue) -> JSONValue {
        guard var answer = registration.object, var sync = answer["sync"]?.object, var error = sync["error"]?.object
        else { return registration }
        error["candidates"] = nil
        sync["error"] = .object(error)
        answer["sync"] = .object(sync)
        return .object(answer)
    }

    private func isOwnUser(_ id: JSONValue?) -> Bool { id?.string.map { sameCodePoints($0, userId) } ?? false }

    private func isOwnCustomer(_ id: JSONValue?) -> Bool {
        guard let id = id?.string, let customerId else { return false }
        return sameCodePoints(id, customerId)
    }
}
