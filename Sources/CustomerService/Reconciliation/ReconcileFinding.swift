import CustomerStore
import JSON

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
        /// A link to a customer that carries another application's mark.
        case anotherApplications = "another_applications"
        /// A customer of no user.
        case orphan
        /// Several customers for one user.
        case duplicate
    }

    /// What `--fix` does about it.
    enum Repair: Sendable { case sync, relink, takeIn, adopt, archive }

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
    /// - Parameter reason: Why nothing more is done about the user by itself.
    static func missing(_ userId: String, parkedFor reason: String? = nil) -> ReconcileFinding {
        let action =
            reason.map { "\($0): mend that in the user's row, and the customer is made by itself" }
            ?? "ensureCustomerExists makes a customer"
        return ReconcileFinding(kind: .missing, userId: userId, action: action, repair: .sync)
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
                + (successor.map { "\(LinkCustomer.name) \($0), which names the user" } ?? EnsureCustomerExists.name))
    }

    /// - Parameter refused: What one side doesn't take, so that no repair can bring it in line.
    static func drift(
        _ userId: String, _ customerId: String, _ fields: [String], refused: [RefusedField] = []
    ) -> ReconcileFinding {
        let refused = refused.filter { refusal in
            fields.contains { $0 == refusal.field || refusal.field == "metadata" && $0.hasPrefix("metadata.") }
        }
        let left = fields.filter { field in
            !refused.contains { $0.field == field || $0.field == "metadata" && field.hasPrefix("metadata.") }
        }
        var actions = refused.map { refusal in
            switch refusal.side {
            case .stripe:
                "Stripe refuses \(refusal.field) (\(refusal.error)): change it in the users table, and it is sent by itself"
            case .users:
                "the users table refuses \(refusal.field) (\(refusal.error)): change it there, or at Stripe"
            }
        }
        if !left.isEmpty {
            let what = refused.isEmpty ? "" : "\(left.joined(separator: ", ")): "
            actions.insert(
                what + "reconcile with fix sends what the user changed and takes in what was edited at Stripe", at: 0)
        }
        return ReconcileFinding(
            kind: .drift, userId: userId, customerId: customerId, fields: fields,
            action: actions.joined(separator: "; "),
            // A rule of the users table may be gone; what Stripe refuses waits for another value.
            repair: left.isEmpty && refused.allSatisfy { $0.side == .stripe } ? nil : .takeIn)
    }

    /// The database knows that it is archived, and at Stripe nothing says so: a lost database would take it into use again.
    static func archiveMarkLost(_ userId: String, _ customerId: String) -> ReconcileFinding {
        ReconcileFinding(
            kind: .drift, userId: userId, customerId: customerId, fields: ["metadata.\(CustomerMark.archivedAt)"],
            action: "reconcile with fix marks it as archived at Stripe too; restoreCustomer takes it into use again",
            repair: .archive)
    }

    /// Not repaired: which of the two it is only a person knows.
    static func takenByAnother(_ customerId: String, from userId: String) -> ReconcileFinding {
        ReconcileFinding(
            kind: .anotherApplications, userId: userId, customerId: customerId,
            action: "it carries the mark of another application and is not touched: unlinkCustomer and"
                + " ensureCustomerExists, or linkCustomer with takeOver if it is this application's")
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
                : "it names a user who does not have it: if it is this application's, linkCustomer, or archiveCustomer if"
                    + " nobody needs it")
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
