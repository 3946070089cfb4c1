package import JSON

/// Whom a call is about, as its params name them. The order of calls, the log, the audit log, the rights and the ids in errors
/// go by it.
package struct Subject: Sendable {
    /// The members that name somebody.
    package enum Member: String, Sendable, CaseIterable { case userId, customerId, email }

    package let userId: String?
    package let customerId: String?
    package let email: String?

    /// - Parameter params: What stands at their top level counts.
    package init(_ params: JSONObject) {
        userId = params[Member.userId.rawValue]?.string
        customerId = params[Member.customerId.rawValue]?.string
        email = params[Member.email.rawValue]?.string
    }

    package subscript(_ member: Member) -> String? {
        switch member {
        case .userId: userId
        case .customerId: customerId
        case .email: email
        }
    }
}
