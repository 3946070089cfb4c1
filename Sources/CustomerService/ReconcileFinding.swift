internal import JSON

/// Something that is not in line, and what was done about it or is to be done.
struct ReconcileFinding: Sendable {
    enum Kind: String, Sendable {
        /// Fields of a user and its customer differ, and not because an edit at Stripe is known and kept.
        case drift
        /// A user without a customer.
        case missing
        /// A link to a customer that was deleted, or that Stripe does not know.
        case deadLink = "dead_link"
        /// A link to a customer of Stripe's other mode.
        case wrongMode = "wrong_mode"
        /// A customer of no user.
        case orphan
        /// Several customers for one user.
        case duplicate
    }

    /// What `--fix` does about it.
    enum Repair: Sendable { case sync, relink, takeIn, adopt }

    var kind: Kind
    var userId: String?
    var customerId: String?
    /// The customer that the user is to have instead of this one.
    var successor: String?
    var candidates: [String]?
    var fields: [String]?
    var action: String
    /// `nil`: a person has to decide.
    var repair: Repair?
    var isFixed = false

    /// What it is about: one finding of a kind for each.
    var subject: String { (kind == .orphan ? customerId : userId) ?? customerId ?? "" }

    /// As it is reported.
    var object: JSONObject {
        var object: JSONObject = ["kind": .string(kind.rawValue)]
        object["userId"] = userId.map { .string($0) }
        object["customerId"] = customerId.map { .string($0) }
        object["candidates"] = candidates.map { .array($0.map { .string($0) }) }
        object["fields"] = fields.map { .array($0.map { .string($0) }) }
        object["action"] = .string(action)
        object["fixed"] = .bool(isFixed)
        return object
    }
}

extension ReconcileFinding {
    static func missing(_ userId: String) -> ReconcileFinding {
        ReconcileFinding(
            kind: .missing, userId: userId, action: "ensureCustomerExists makes a customer", repair: .sync)
    }

    static func deadLink(_ userId: String, _ customerId: String, _ successor: String?) -> ReconcileFinding {
        ReconcileFinding(
            kind: .deadLink, userId: userId, customerId: customerId, successor: successor,
            action: successor.map { "unlinkCustomer, and linkCustomer \($0), which names the user" }
                ?? "ensureCustomerExists with verify makes a new customer",
            repair: .relink)
    }

    /// Not repaired: many of these mean that the database and the key don't belong together.
    static func wrongMode(
        _ userId: String, _ customerId: String, _ successor: String? = nil
    ) -> ReconcileFinding {
        ReconcileFinding(
            kind: .wrongMode, userId: userId, customerId: customerId, successor: successor,
            action: "the customer is of Stripe's other mode: check the key, or unlinkCustomer and "
                + (successor.map { "linkCustomer \($0), which names the user" } ?? "ensureCustomerExists"))
    }

    static func drift(_ userId: String, _ customerId: String, _ fields: [String]) -> ReconcileFinding {
        ReconcileFinding(
            kind: .drift, userId: userId, customerId: customerId, fields: fields,
            action: "reconcile with fix sends what the user changed and takes in what was edited at Stripe",
            repair: .takeIn)
    }

    static func adoptable(_ customerId: String, by userId: String) -> ReconcileFinding {
        ReconcileFinding(
            kind: .orphan, userId: userId, customerId: customerId,
            action: "linkCustomer, or reconcile with fix, gives it to the user it names",
            repair: .adopt)
    }

    static func orphan(_ customerId: String, naming userId: String?) -> ReconcileFinding {
        ReconcileFinding(
            kind: .orphan, userId: userId, customerId: customerId,
            action: userId == nil
                ? "no user has it: linkCustomer, or archiveCustomer if nobody needs it"
                : "it names a user who does not have it: linkCustomer, or archiveCustomer if nobody needs it")
    }

    /// - Parameter reason: Why this one of the candidates is the one to keep.
    static func duplicate(
        _ userId: String, keep: String, _ reason: String, others: [String], isLinked: Bool
    ) -> ReconcileFinding {
        let link = isLinked ? "" : "linkCustomer \(keep), "
        return ReconcileFinding(
            kind: .duplicate, userId: userId, customerId: keep, candidates: [keep] + others,
            action: "keep \(keep) (\(reason)): \(link)archiveCustomer \(others.joined(separator: ", "))")
    }
}
