import CustomerStore
import Environment
import JSON
import Stripe

/// The customer that an intent is about, as it is looked for at Stripe.
struct SoughtCustomer: Sendable {
    let userId: String
    /// The address that the create sends and the one that the user has now; `nil` stands for none.
    let addresses: [String?]
    /// The name of this application, if it has one.
    let app: String?
    /// When it can have been made at the earliest, 0 when nobody knows; `nil` when no create was sent yet.
    var sentSince: Milliseconds?
    let idempotencyKey: String
    /// Stripe no longer knows the key, so only a look-up can tell what came of it.
    let isKeyDead: Bool
}

/// What proves that a customer that was found is the one that is sought.
///
/// The user's id in its metadata proves nothing by itself: any program on the Stripe account writes there, and several
/// number their users alike. It takes the mark of the application, or the user's address (`belongs`), or an event of Stripe's.
enum CustomerProof: Sendable, Equatable {
    /// It came of this very create: nobody else has a claim to it.
    case create
    /// It is this user's from an earlier time, of which a database that was lost or restored knows nothing.
    case user
}

extension SoughtCustomer {
    /// Clocks may differ by so many seconds.
    static let clockTolerance: Int64 = 600

    /// What the customer shows by itself: it is this application's, or has one of the user's addresses. It came of the create
    /// if it was made while that can have been carried out.
    func proof(of customer: Customer) -> CustomerProof? {
        guard isLive(customer), customer.belongs(to: userId, of: addresses, under: app) else { return nil }
        return isOfTime(customer) ? .create : .user
    }

    /// What an event shows of a customer whose address became another one at Stripe: that it came of the create, under whose
    /// key it was made, or that its address was the user's.
    func proof(of customer: Customer, by event: WebhookEvent) -> CustomerProof? {
        guard isLive(customer), customer.names(userId), customer.ownership(under: app) != .anothers,
            sameCodePoints(event.mark.customerId, customer.id)
        else { return nil }
        if event.kind == .created, let key = event.idempotencyKey, sameCodePoints(key, idempotencyKey) {
            return .create
        }
        let former = [event.customer["email"]?.string, event.previous?["email"]?.string].compactMap(\.self)
        guard former.contains(where: { former in addresses.contains { $0.map { sameAddress($0, former) } == true } })
        else { return nil }
        return isOfTime(customer) ? .create : .user
    }

    private func isLive(_ customer: Customer) -> Bool { !customer.isDeleted && !customer.isArchived }

    private func isOfTime(_ customer: Customer) -> Bool {
        guard let sentSince, let created = customer.created else { return false }
        if sentSince == 0 { return true }
        // In seconds, in which no stored time can overflow.
        let earliest = sentSince / 1_000 - Self.clockTolerance
        return (earliest...earliest + CustomerSync.keyLifetime / 1_000 + 2 * Self.clockTolerance + 3_600).contains(
            created)
    }
}

extension Customer {
    /// How many metadata keys of others there may be, so that there is room for the marks by which it names its user and its
    /// application.
    static func othersKeysMax(under app: String?) -> Int { CustomerMark.keysMax - (app == nil ? 1 : 2) }

    func hasRoomForMarks(under app: String?) -> Bool {
        let others = (metadata ?? [:]).members.count { !CustomerMark.isReserved($0.name) }
        return others <= Self.othersKeysMax(under: app)
    }
}
