import Interface
import JSON

/// The actor of a call under the scope `self`: its own user and that user's customer. What an answer or an error says of others
/// is left out.
struct OwnSubject: Sendable {
    let userId: String
    let customerId: String?

    func isUser(_ id: JSONValue?) -> Bool { id?.string.map { sameCodePoints($0, userId) } ?? false }

    func isCustomer(_ id: JSONValue?) -> Bool {
        guard let id = id?.string, let customerId else { return false }
        return sameCodePoints(id, customerId)
    }

    /// Without the ids of others.
    func confined(_ error: ServiceError) -> ServiceError {
        var error = error
        error.details["candidates"] = nil
        if !isUser(error.details["userId"]) { error.details["userId"] = nil }
        if !isCustomer(error.details["customerId"]) { error.details["customerId"] = nil }
        return error
    }
}
