import Interface
import JSON

/// The scope `self`: which calls are about the actor alone.
struct SelfScope: Sendable {
    let userId: String
    let own: Ownership

    /// Whether the method names whom it is about, and everybody whom the call names is the actor, also by members that the
    /// method would do without.
    func covers(_ subject: Subject, _ method: MethodDeclaration) -> Bool {
        let named: [Subject.Member] = [.userId, .customerId].filter { subject[$0] != nil }
        return (method.about + named).allSatisfy { isOwn($0, subject[$0]) }
    }

    func isOwn(_ member: Subject.Member, _ value: String?) -> Bool {
        guard let value else { return false }
        return switch member {
        case .userId: sameCodePoints(value, userId)
        case .customerId: own.customerId.map { sameCodePoints($0, value) } ?? false
        case .email: own.email.map { sameAddress($0, value) } ?? false
        }
    }
}

/// What the actor may decide about itself.
///
/// A list of what is, not of what isn't (`Field.onSelf`): balance, tax, invoices and payment methods are the host's, and so is
/// a customer's metadata. A new method or member is closed until somebody has decided.
extension AccessPolicy.Role {
    /// The first member that the actor may not decide about, as far as the call and the role tell. Nothing is read for it.
    func refusedMember(of params: JSONObject, _ method: MethodDeclaration) -> String? {
        params.members.first { member in
            if let subject = Subject.Member(rawValue: member.name), subject != .email || method.about.contains(.email) {
                return false
            }
            return switch method.onSelf(member.name) {
            case .byDefault, .ifNamed: !mayWrite(member.name, method)
            case .any, .ownAddress: false
            case .oneOf(let values): !values.contains(member.value)
            case nil: true
            }
        }?.name
    }

    /// The same for what depends on who the actor is.
    func refusedAddress(in params: JSONObject, _ method: MethodDeclaration, _ scope: SelfScope) -> String? {
        method.params.first { field in
            guard case .ownAddress = field.onSelf, let address = params[field.name] else { return false }
            return !mayWrite(field.name, method) && !scope.isOwn(.email, address.string)
        }?.name
    }

    private func mayWrite(_ name: String, _ method: MethodDeclaration) -> Bool {
        if let fields { return fields.contains(CodePoints(name)) }
        if case .byDefault = method.onSelf(name) { return true }
        return false
    }
}

extension MethodDeclaration {
    fileprivate func onSelf(_ member: String) -> Field.OnSelf? {
        params.first { sameCodePoints($0.name, member) }?.onSelf
    }
}
