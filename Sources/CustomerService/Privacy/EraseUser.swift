import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// Forgets a user: deleted at Stripe, gone from every table here. Once it has begun it is carried out to its end, after
/// a kill too.
enum EraseUser: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "eraseUser", group: .users, effect: .destroysHere, about: [.userId],
        summary: "Erases a user's personal data, here and at Stripe.",
        description:
            "For requests for erasure: deletes the customer at Stripe and every personal datum in the database, and reports what was erased where. Active subscriptions and open invoices block it (`deletion_blocked`) unless `force` is true. The audit chain stays valid, since it never held the data.",
        params: [
            .required("userId", .userId),
            // It would get rid of open invoices.
            .option(
                "force", .boolean.byDefault(false), "Goes on in spite of active subscriptions and open invoices.",
                onSelf: .one(of: false)),
        ],
        result: .fields([
            .required("userId", .string, "The user."),
            .optional("customerId", .string.orNull, "The customer that was linked."),
            .required(
                "state", .oneOf("done", "pending"),
                "`pending` when Stripe couldn't be reached: the rest is queued on disk and carried out by itself."),
            .required(
                "erased",
                .list(
                    of: .fields([
                        .required("where", .string, "The place: a table of the database, or `stripe`."),
                        .required("what", .string, "What it was."),
                        .optional("count", .integer(0...), "How many."),
                    ]).described("One place.")), "What was erased where."),
            .optional(
                "kept",
                .list(
                    of: .fields([
                        .required("where", .string, "The place: a table of the database, or `stripe`."),
                        .required("what", .string, "What it was."),
                        .required("why", .string, "The reason."),
                    ]).described("One place.")), "What is kept, and why."),
        ]).described("What was erased where."),
        errors: .ofStripe(
            after: [.userNotFound, .deletionBlocked],
            before: [
                .idempotencyConflict, .accessDenied, .storageUnavailable, .usersTableRefused,
            ]),
        example: .init(
            params: ["userId": "user_42"],
            result: [
                "userId": "user_42", "customerId": "cus_NffrFeUfNV2Hib", "state": "done",
                "erased": [
                    ["where": "users", "what": "profile", "count": 1],
                    ["where": "stripe", "what": "customer", "count": 1],
                ],
                "kept": [
                    [
                        "where": "audit_events", "what": "keyed hashes",
                        "why": "proof of what was done; not personal data once the key is gone",
                    ]
                ],
            ]))

    static let repetition: Repetition? = .erasure

    struct Params: Decodable, Sendable {
        var userId: String
        var force: Bool?
    }

    struct Answer: Encodable, Sendable {
        struct Erased: Encodable, Sendable {
            var `where`: String
            var what: String
            var count: Int?
        }

        struct Kept: Encodable, Sendable {
            var `where`: String
            var what: String
            var why: String
        }

        var userId: String
        var customerId: String?
        var state: String
        var erased: [Erased]
        var kept: [Kept]
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        let (store, userId) = (service.store, params.userId)
        let (user, own, takenAway) = try await withStore { () async throws(StoreError) in
            (
                try await store.user(userId), try await store.customersToErase(with: userId),
                try await store.customersTakenAway(from: userId)
            )
        }
        guard let own else { throw ServiceError.userNotFound(userId) }
        let former = try await service.formerCustomers(of: userId)
        let named = await service.sync.lookup.customers(
            naming: userId, email: user?.email, besides: own + former.ids + former.others)
        let (proved, unproved) = try await sorted(named.customers, userId, service)
        let anothers = try await ofAnotherApplication(own, service)
        let theirs = former.ids + proved
        if params.force != true {
            let customers = try await stored(await store.customersToErase(with: userId, and: theirs, but: anothers))
            for customerId in customers ?? [] { try await service.requireDeletable(customerId) }
        }
        let now = service.clock.now()
        let begun = try await stored(
            await store.beginErasure(
                of: userId, and: theirs, but: anothers, under: context.hostKey, at: now))
        guard let begun else { throw ServiceError.userNotFound(userId) }
        let customers = begun.customers
        let (counts, unknown) = await service.sync.erase(userId, patience: .brief)
        let isOver = try await !isPending(userId, service)
        var answer = Answer(
            userId: userId, customerId: user?.customerId ?? own.first ?? former.ids.first ?? customers.first,
            state: isOver ? "done" : "pending", erased: [], kept: [])
        if user != nil {
            answer.erased.append(Answer.Erased(where: "users", what: "the user's row, with the host's own columns"))
        }
        if isOver {
            let deleted = customers.filter { unknown[$0] == nil }
            let strays = deleted.filter { !own.contains($0) && !former.ids.contains($0) }
            let count = deleted.count - strays.count
            if count > 0 {
                answer.erased.append(Answer.Erased(where: "stripe", what: "customers, deleted", count: count))
            }
            answer.erased += strays.map {
                Answer.Erased(
                    where: "stripe", what: "\($0), deleted: it named the user in its metadata and was linked to nobody")
            }
        }
        answer.erased += (counts ?? []).map { Answer.Erased(where: $0.table, what: "rows", count: $0.count) }
        if isOver {
            answer.erased.append(Answer.Erased(where: "write-ahead log", what: "earlier versions of these pages"))
        }
        answer.erased += unknown.filter { $0.value == .missing }.keys.sorted().map {
            Answer.Erased(where: "stripe", what: "\($0): Stripe has no such customer, so nothing was left to delete")
        }
        answer.kept = kept(isOver: isOver, hasCustomers: customers.contains { unknown[$0] == nil })
        answer.kept += unknown.filter { $0.value == .inOtherMode }.keys.sorted().map {
            Answer.Kept(
                where: "stripe", what: $0,
                why: "it is a customer of Stripe's other mode: delete it with a key of that mode")
        }
        if begun.keepsKeys { answer.kept.append(keptKeys) }
        answer.kept += keptCustomers(
            takenAway,
            "unlinkCustomer took it away from the user, so it may be somebody else's:"
                + " delete it with deleteCustomer if it is not", context)
        answer.kept += keptCustomers(
            proved.filter { !customers.contains($0) && !takenAway.contains($0) },
            "it names the user in its metadata, but is another user's or was taken away with unlinkCustomer:"
                + " change its metadata with updateCustomer, or delete it with deleteCustomer", context)
        answer.kept += keptCustomers(
            former.others,
            "it was made for the user, but names another one, or another application, by now:"
                + " delete it with deleteCustomer if it is not that one's", context)
        answer.kept += keptCustomers(
            anothers,
            "it carries the mark of another application: if it is the user's, delete it at Stripe", context)
        answer.kept += keptCustomers(
            unproved.filter { !takenAway.contains($0) },
            "it names the user in its metadata, but neither a mark nor its address shows that it is this application's:"
                + " delete it with deleteCustomer if it is", context)
        if !named.isComplete {
            answer.kept.append(
                Answer.Kept(
                    where: "stripe", what: "other customers that name the user in their metadata, if there are any",
                    why: "Stripe could not be asked for all of them: reconcile finds each as an orphan that names the"
                        + " user; delete it with deleteCustomer"))
        }
        return answer
    }

    /// Those customers that name the user which are this application's, by their mark or since the address is or was the
    /// user's, and those of which nothing shows it: another program may number its users alike.
    private static func sorted(
        _ customers: [Customer], _ userId: String, _ service: CustomerService
    ) async throws(ServiceError) -> (proved: [String], unproved: [String]) {
        var sorted: (proved: [String], unproved: [String]) = ([], [])
        for customer in customers {
            let email = customer.email
            let isProved =
                if try await service.store.ownership(of: customer) == .ours { true } else if let email {
                    try await stored(await service.store.isAddress(email, of: userId))
                } else { false }
            if isProved { sorted.proved.append(customer.id) } else { sorted.unproved.append(customer.id) }
        }
        return sorted
    }

    /// Those of the user's customers that another application has marked. An erasure doesn't wait for a Stripe that is out of
    /// order: each is looked at once more before it is deleted.
    private static func ofAnotherApplication(
        _ customerIds: [String], _ service: CustomerService
    ) async throws(ServiceError) -> [String] {
        var anothers: [String] = []
        for id in customerIds {
            let reply = try? await service.stripe.retrieveCustomer(id, patience: .brief)
            if let customer = reply?.value, try await service.store.ownership(of: customer) == .anothers {
                anothers.append(id)
            }
        }
        return anothers
    }

    /// Each by itself, or only how many they are for a user who may not know of others.
    private static func keptCustomers(_ ids: [String], _ why: String, _ context: CallContext) -> [Answer.Kept] {
        guard context.isConfined else { return ids.map { Answer.Kept(where: "stripe", what: $0, why: why) } }
        guard !ids.isEmpty else { return [] }
        return [
            Answer.Kept(
                where: "stripe", what: "\(ids.count) of the customers that were the user's or name it",
                why: "they are, or may be, somebody else's by now")
        ]
    }

    private static let keptKeys = Answer.Kept(
        where: "idempotent_calls", what: "keyed hashes of the host's idempotency keys and of the params under them",
        why: "so that a call which is repeated late brings nothing back; without the key nothing can be read from them,"
            + " and they are forgotten with the other keys")

    /// To a repetition, for which no report is kept. An erasure that is not over goes on; who was registered under the id
    /// since is never erased.
    static func again(_ params: Params, _ service: CustomerService) async throws(ServiceError) -> Answer {
        let (store, userId) = (service.store, params.userId)
        let isFree = try await stored(await store.user(userId) == nil)
        if isFree, try await isPending(userId, service) { _ = await service.sync.erase(userId, patience: .brief) }
        let isOver = try await !isPending(userId, service)
        return Answer(
            userId: userId, state: isOver ? "done" : "pending",
            erased: [
                Answer.Erased(where: "users", what: "the user's row: told in full by the first call under the key")
            ],
            kept: kept(isOver: isOver, hasCustomers: false) + [keptKeys])
    }

    private static func isPending(_ userId: String, _ service: CustomerService) async throws(ServiceError) -> Bool {
        try await stored(await service.store.isErasurePending(of: userId))
    }

    private static func kept(isOver: Bool, hasCustomers: Bool) -> [Answer.Kept] {
        var kept = [
            Answer.Kept(
                where: "audit_events", what: "the user's id, masks and keyed hashes",
                why: "the record of who did what; without the key nothing personal can be read from it")
        ]
        if hasCustomers {
            kept.append(
                Answer.Kept(
                    where: "customer_news", what: "that the customer was deleted, once Stripe tells so by an event",
                    why: "so that an event which comes late does not bring it back; it goes after 30 days"))
        }
        if hasCustomers, isOver {
            kept.append(
                Answer.Kept(
                    where: "stripe", what: "invoices, charges, events and logs of the deleted customer",
                    why: "deleting is not redacting: start a redaction job at Stripe"
                        + " (https://docs.stripe.com/privacy/redaction), which needs the customer's id"))
        }
        if !isOver {
            kept.append(
                Answer.Kept(
                    where: "stripe", what: "what could not be deleted yet",
                    why: "Stripe could not be reached or refused; it is queued and tried again, see getSyncStatus"))
        }
        return kept
    }
}
