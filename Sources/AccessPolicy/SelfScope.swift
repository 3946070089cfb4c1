import JSON

/// The scope `self`: which calls are about the actor alone, and what the actor may decide about itself.
struct SelfScope: Sendable {
    let userId: String
    let own: Ownership

    /// Whether everybody whom the call names is the actor, also by members that the method would do without.
    func covers(_ rule: SelfRule, _ params: JSONObject) -> Bool {
        let named: [SelfRule.Subject] = [.userId, .customerId].filter { params[$0.rawValue] != nil }
        return (rule.subjects + named).allSatisfy { isOwn($0, params[$0.rawValue]?.string) }
    }

    func isOwn(_ subject: SelfRule.Subject, _ value: String?) -> Bool {
        guard let value else { return false }
        return switch subject {
        case .userId: sameCodePoints(value, userId)
        case .customerId: own.customerId.map { sameCodePoints($0, value) } ?? false
        case .email: own.email.map { sameAddress($0, value) } ?? false
        }
    }
}

/// One method under the scope `self`.
///
/// A list of what is, not of what isn't: a method that is not in the table is about others or about all, and of a method
/// that is in it a member that is not named here is refused. So a new method or member is closed until somebody has decided.
struct SelfRule: Sendable {
    enum Subject: String, Sendable { case userId, customerId, email }

    /// What a further member may be.
    enum Choice: Sendable {
        case any
        case one(of: [JSONValue])
        /// The actor's own address, where the method asks for one.
        case ownAddress
    }

    /// By which members the method names what it is about; each must be there and be the actor's own.
    let subjects: [Subject]
    /// The fields that it writes.
    let fields: WritableFields
    /// Its further members.
    let choices: [String: Choice]
    /// `*` in a role doesn't give it: it undoes what the host has decided.
    let mustBeNamed: Bool

    private init(
        _ subjects: Subject..., fields: WritableFields = .none, choices: [String: Choice] = [:],
        mustBeNamed: Bool = false
    ) {
        self.subjects = subjects
        self.fields = fields
        self.choices = choices
        self.mustBeNamed = mustBeNamed
    }

    static let table: [String: SelfRule] = [
        // An address that is not the user's is refused by the method itself, once the role has `email`.
        "createCustomer": SelfRule(
            .userId, fields: .ofCustomer,
            choices: ["email": .ownAddress, "onDuplicateEmail": .one(of: ["error", "return"])]),
        "updateCustomer": SelfRule(.customerId, fields: .ofCustomer),
        "getCustomer": SelfRule(.customerId),
        "getCustomerByEmail": SelfRule(.email),
        // `force` would get rid of open invoices.
        "deleteCustomer": SelfRule(.customerId, choices: ["force": .one(of: [false])]),
        "archiveCustomer": SelfRule(.customerId),
        // The host may have archived it.
        "restoreCustomer": SelfRule(.customerId, mustBeNamed: true),
        "syncCustomerWithUser": SelfRule(.userId),
        // Nobody vouches for an address of its own: it leads to the adoption of whatever customer has it.
        "ensureCustomerExists": SelfRule(
            .userId, choices: ["verify": .any, "emailVerified": .one(of: [false])]),
        "registerUser": SelfRule(.userId, fields: .ofUser, choices: ["emailVerified": .one(of: [false])]),
        "updateUser": SelfRule(.userId, fields: .ofUser),
        "getUser": SelfRule(.userId),
        "getUserByEmail": SelfRule(.email),
        "getUserByCustomerId": SelfRule(.customerId),
        // `delete` is deleteCustomer's, and `keep` leaves a customer that nobody looks after.
        "deleteUser": SelfRule(
            .userId, choices: ["customer": .one(of: ["archive"]), "force": .one(of: [false])]),
        // Which customer a user has is the host's to say: a new one has no debts, and no past.
        "linkCustomer": SelfRule(.userId, .customerId, mustBeNamed: true),
        "unlinkCustomer": SelfRule(.userId, .customerId, mustBeNamed: true),
        "getSyncStatus": SelfRule(.userId),
        "exportUserData": SelfRule(.userId),
        "eraseUser": SelfRule(.userId, choices: ["force": .one(of: [false])]),
    ]

    /// The first member that the actor may not decide about, as far as the call and the role tell. Nothing is read for it.
    func refusedMember(of params: JSONObject, _ role: AccessPolicy.Role) -> String? {
        params.members.first { member in
            if let subject = Subject(rawValue: member.name), subject != .email || subjects.contains(.email) {
                return false
            }
            if fields.includes(member.name, for: role) { return false }
            return switch choices[member.name] {
            case .any, .ownAddress: false
            case .one(let values): !values.contains(member.value)
            case nil: true
            }
        }?.name
    }

    /// The same for what depends on who the actor is.
    func refusedAddress(in params: JSONObject, _ role: AccessPolicy.Role, _ scope: SelfScope) -> String? {
        choices.keys.first { name in
            guard case .ownAddress = choices[name], let address = params[name] else { return false }
            return !fields.includes(name, for: role) && !scope.isOwn(.email, address.string)
        }
    }
}

/// The fields that a method may write under the scope `self`: those that decide about nothing but how somebody is written
/// to. Balance, tax, invoices and payment methods are the host's, and so is a customer's metadata.
enum WritableFields: Sendable {
    case none, ofCustomer, ofUser

    /// Where the role says nothing of fields.
    private var byDefault: Set<String> {
        switch self {
        case .none: []
        case .ofCustomer: ["name", "phone", "address", "shipping", "preferred_locales"]
        case .ofUser: ["name", "phone"]
        }
    }

    /// What a role may say instead: the address too, which decides who sees what on Stripe's login page, and the user's own
    /// metadata.
    private var permitted: Set<String> {
        switch self {
        case .none: []
        case .ofCustomer: byDefault.union(["email"])
        case .ofUser: byDefault.union(["email", "metadata"])
        }
    }

    func includes(_ name: String, for role: AccessPolicy.Role) -> Bool {
        role.fields.map { $0.contains(CodePoints(name)) && permitted.contains(name) } ?? byDefault.contains(name)
    }
}
