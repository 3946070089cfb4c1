import CustomerStore
import Interface
import JSON
package import Stripe

/// Whose a customer is: the one answer, by which each look-up, link, change, deletion, export and finding goes.
///
/// Several applications may share a Stripe account, and number their users alike. `metadata.userId` alone says nothing
/// then; the mark of the application does.
package enum CustomerOwnership: Sendable {
    /// It carries this application's mark.
    case ours
    /// It carries another application's mark; where this one has no name, any. It is never touched, whatever user it names.
    case anothers
    /// It carries none: it is older than the mark, was made without a name, or by a program that knows no marks. It is a
    /// user's only with a proof, such as the user's address.
    case unmarked
}

extension Customer {
    /// - Parameter app: The name of this application, if it has one.
    package func ownership(under app: String?) -> CustomerOwnership {
        guard let mark = metadata?[CustomerMark.app]?.string, !mark.isEmpty else { return .unmarked }
        return app.map { sameCodePoints($0, mark) } == true ? .ours : .anothers
    }

    /// Whether a user whom it names may have it.
    /// - Parameter addresses: Those that are the user's: the proof where it carries no mark.
    package func belongs(to userId: String, of addresses: [String?], under app: String?) -> Bool {
        guard names(userId) else { return false }
        switch ownership(under: app) {
        case .ours: return true
        case .anothers: return false
        case .unmarked: return addresses.contains { $0.map { sameAddress($0, email ?? "") } == true }
        }
    }

    /// Whether it says whose it is at all. Stripe's customers always have both members; an answer that lacks one of them is
    /// cut down on its way, and nothing may follow from what it leaves out.
    var tellsWhoseItIs: Bool {
        isDeleted || object.said("metadata") != .absent && object.said("email") != .absent
    }

    /// Itself, where it says whose it is.
    /// - Throws: `stripe_unavailable`, which is tried again.
    func telling() throws(ServiceError) -> Customer {
        guard tellsWhoseItIs else {
            throw ServiceError(
                .stripeUnavailable,
                "Stripe's answer lacks the customer's email or metadata, so nobody can tell whose it is",
                retryable: true, details: ["customerId": .string(id)])
        }
        return self
    }

    func names(_ userId: String) -> Bool { owner.map { sameCodePoints($0, userId) } == true }

    /// The user that it names in its metadata.
    package var owner: String? {
        if let userId = metadata?[CustomerMark.user]?.string, !userId.isEmpty { return userId }
        return ArchiveMark(of: self)?.userId
    }

    var isArchived: Bool { ArchiveMark(of: self) != nil }
}

extension CustomerStore {
    /// Under which name these customers are to be judged. A process that has none and meets a mark looks whether another
    /// process has given the database a name since.
    func ownApp(of customers: [Customer]) async throws(ServiceError) -> String? {
        guard app == nil, customers.contains(where: { $0.ownership(under: nil) == .anothers }) else { return app }
        return try await stored(await refreshApp())
    }

    func ownership(of customer: Customer) async throws(ServiceError) -> CustomerOwnership {
        customer.ownership(under: try await ownApp(of: [customer]))
    }
}

extension ServiceError {
    /// Of a customer that was named by its id.
    static func anothersCustomer(_ customerId: String) -> ServiceError {
        ServiceError(
            .customerNotFound,
            "The customer is another application's: its metadata has that one's \(CustomerMark.app). If it is this"
                + " application's, linkCustomer with takeOver: true takes it over",
            details: ["customerId": .string(customerId)])
    }

    /// Of a user's own, or to be so.
    static func takenByAnother(_ customerId: String, from userId: String) -> ServiceError {
        ServiceError(
            .customerAlreadyExists,
            "The customer is another application's: its metadata has that one's \(CustomerMark.app). If it is this"
                + " application's, linkCustomer with takeOver: true takes it over",
            details: ["customerId": .string(customerId), "userId": .string(userId)])
    }
}
