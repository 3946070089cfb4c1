internal import JSON

/// The scope `self`: which calls are about the actor alone.
///
/// A list of what is, not of what isn't: a method that is not in it is about others.
struct SelfScope: Sendable {
    let userId: String
    let own: Ownership

    /// By which members a method names what it is about; each must be there and be the actor's own.
    private static let subjects: [String: [Subject]] = [
        "createCustomer": [.userId], "updateCustomer": [.customerId], "getCustomer": [.customerId],
        "getCustomerByEmail": [.email], "deleteCustomer": [.customerId], "archiveCustomer": [.customerId],
        "restoreCustomer": [.customerId], "syncCustomerWithUser": [.userId], "ensureCustomerExists": [.userId],
        "registerUser": [.userId], "updateUser": [.userId], "getUser": [.userId], "getUserByEmail": [.email],
        "getUserByCustomerId": [.customerId], "deleteUser": [.userId], "linkCustomer": [.userId, .customerId],
        "unlinkCustomer": [.userId, .customerId], "getSyncStatus": [.userId], "exportUserData": [.userId],
        "eraseUser": [.userId],
    ]

    private enum Subject: String { case userId, customerId, email }

    func covers(_ method: String, _ params: JSONObject) -> Bool {
        guard let subjects = Self.subjects[method] else { return false }
        // Whoever is named at all must be the actor, also where the method would do without the member.
        let named: [Subject] = [.userId, .customerId].filter { params[$0.rawValue] != nil }
        return (subjects + named).allSatisfy { isOwn($0, params[$0.rawValue]?.string) } && !claimsMore(params)
    }

    private func isOwn(_ subject: Subject, _ value: String?) -> Bool {
        guard let value else { return false }
        return switch subject {
        case .userId: sameCodePoints(value, userId)
        case .customerId: own.customerId.map { sameCodePoints($0, value) } ?? false
        case .email: own.email.map { sameAddress($0, value) } ?? false
        }
    }

    /// Members through which a call about the actor would reach others: the assurance that an address is the actor's
    /// leads to the adoption of whatever customer has it, and the `userId` in a customer's metadata says whose it is.
    private func claimsMore(_ params: JSONObject) -> Bool {
        if params["emailVerified"]?.bool == true { return true }
        switch params["metadata"] {
        case nil: return false
        case .object(let metadata)?:
            guard let claimed = metadata["userId"] else { return false }
            return !(claimed.string.map { sameCodePoints($0, userId) } ?? false)
        // Clears a user's own pairs, but of a customer also whose it is.
        default: return params["customerId"] != nil
        }
    }
}
