import JSON

/// What customers are searched by. Search is without regard to case, and not of ASCII alone: who asks compares what it finds.
/// https://docs.stripe.com/search#query-fields-for-customers
package enum CustomerQuery: Sendable {
    case email(String)
    case metadata(name: String, value: String)

    var text: String {
        switch self {
        case .email(let email): "email:\(searchQuote(email))"
        case .metadata(let name, let value): "metadata[\(searchQuote(name))]:\(searchQuote(value))"
        }
    }

    /// Whether the answer to this query may hold the customer. Of metadata, "an exact match" but for the case, a row with
    /// another value shows that the answer is another query's. How Stripe folds what is not ASCII, or what of an address
    /// it takes for the same, nobody here knows: such a row is only never taken for the one that was sought.
    func mayFind(_ customer: Customer) -> Bool {
        guard case .metadata(let name, let value) = self, !customer.isDeleted else { return true }
        let found = customer.metadata?[name]?.string ?? ""
        return sameAddress(found, value) || !isASCII(found) || !isASCII(value)
    }
}

private func isASCII(_ text: String) -> Bool { text.utf8.allSatisfy { $0 < 0x80 } }
