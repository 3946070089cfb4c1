package import Interface
package import Stripe

extension ProfileField {
    /// - Parameter param: As Stripe has it: `phone`, `metadata`, `metadata[plan]`.
    package init?(param: String) {
        switch param {
        case "email": self = .email
        case "name": self = .name
        case "phone": self = .phone
        case "metadata": self = .metadata(nil)
        default:
            guard param.hasPrefix("metadata["), param.hasSuffix("]") else { return nil }
            self = .metadata(String(param.dropFirst("metadata[".count).dropLast()))
        }
    }

    /// As Stripe has it.
    var param: String {
        if case .metadata(let name?) = self { "metadata[\(name)]" } else { name }
    }
}

extension Awaited {
    /// A refusal is the user's only where Stripe names a field of the user; whatever else is no fault of the data and would
    /// meet other users as well.
    package init(_ error: StripeError) {
        switch error.kind {
        case .authentication, .permission: self = .operator
        case .rateLimited, .idempotencyMismatch, .keyInUse: self = .time
        case .notFound: self = .link
        case .unavailable:
            // Something in between answers in Stripe's place. A gateway's 5xx passes.
            let isForeign = error.isForeign || !error.isStripeAnswer && (300..<500).contains(error.status ?? 0)
            self = isForeign || error.isSetUpWrongly ? .operator : .time
        case .rejected where error.retryable: self = .time
        case .rejected:
            // Of 402 and 424 the cause is the account; a parameter that Stripe doesn't know is ours, whatever its name.
            guard error.status == 400, error.code != "parameter_unknown", error.missing == nil,
                let field = error.param.flatMap({ ProfileField(param: $0) })
            else {
                self = .operator
                return
            }
            self = .user(field)
        }
    }
}
