import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// What Stripe has comes here: the edits of a customer to the user who has it, and a customer to the user whom it names.
extension CustomerService {
    /// Takes in what the customer is now. To be called with the lease on its user.
    /// - Returns: The fields of the user's row that changed; `nil` when nothing here depends on the customer.
    func absorb(_ customer: JSONObject, mark: EventMark? = nil) async throws(ServiceError) -> [String]? {
        // What another application has made of it is none of the user's.
        let isAnothers =
            if let customer = Customer(customer) { try await store.ownership(of: customer) == .anothers } else { false }
        let (wins, app) = (isAnothers ? [] : stripeWins, store.app)
        return try await stored(
            await store.absorb(customer["id"]?.string ?? "", mark: mark, at: clock.now()) { user, synced, refused in
                ProfileFields.merge(
                    customer, user: user, synced: synced, wins: wins.filter { !refused.contains($0) },
                    app: app)
            })
    }

    /// Gives a customer that names a user at Stripe to that user, if it is this application's (`belongs`), and the user has
    /// none and none is being made. What told of it, an event or a list, may be old: Stripe is asked what the customer is
    /// now.
    /// - Returns: Whether the user has it now and had not before.
    func adopt(_ customerId: String, by userId: String) async throws(ServiceError) -> Bool {
        try await sync.withLease(.user(userId), "the user") { () async throws(ServiceError) in
            let user = try await stored(await adopter(of: customerId, userId))
            guard let user, let customer = try await presentCustomer(customerId), !customer.isDeleted,
                !customer.isArchived, try await store.ownership(of: customer) != .anothers,
                customer.belongs(to: userId, of: [user.email], under: store.app)
            else { return false }
            return try await withStore { () async throws(StoreError) in
                let base = ProfileFields.adopted(customer.object, for: user, app: store.app)
                let outcome = try await store.link(
                    customer.id, to: userId, settling: nil, created: false, profile: base,
                    edits: ProfileFields.edits(of: customer.object, from: base), completing: nil, isComplete: false,
                    at: clock.now())
                guard case .linked = outcome else { return false }
                // What the customer lacks is sent by a sync.
                try await store.enqueue(userId, at: clock.now())
                return true
            }
        }
    }

    /// The user, if it may adopt the customer.
    private func adopter(of customerId: String, _ userId: String) async throws(StoreError) -> User? {
        guard let user = try await store.user(userId), user.customerId == nil,
            try await store.unadoptable([customerId], for: userId).isEmpty
        else { return nil }
        if try await store.hasPendingIntent(userId) {
            // It may be the very customer that the intent made: settling it comes to the right one.
            try await store.enqueue(userId, at: clock.now())
            return nil
        }
        return user
    }
}
