import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// The mark of an archived customer: when it was archived.
///
/// It has to fit whatever metadata the user has. Where all of Stripe's 50 keys are taken it stands in the place of `userId`
/// and holds the user's id behind the time, so that nothing is lost.
struct ArchiveMark: Sendable {
    private let time: String
    /// Only where there was no room beside it.
    private(set) var userId: String?

    init?(of customer: Customer) {
        guard let text = customer.metadata?[CustomerMark.archivedAt]?.string, !text.isEmpty else { return nil }
        let parts = text.split(separator: " ", maxSplits: 1)
        time = parts.first.map(String.init) ?? ""
        userId = parts.count == 2 ? String(parts[1]) : nil
    }

    /// - Throws: `invalid_params` when the customer has 50 keys and none of them is ours to replace.
    private init(for customer: Customer, at now: Milliseconds) throws(ServiceError) {
        time = rfc3339(now)
        guard customer.metadata?.count ?? 0 >= CustomerMark.keysMax else { return }
        userId = customer.metadata?[CustomerMark.user]?.string
        guard userId != nil else {
            throw .violation(
                of: "maxProperties", at: "/customerId",
                params: ["limit": .number(JSONNumber(CustomerMark.keysMax - 1))],
                "has \(CustomerMark.keysMax) metadata keys, which leaves no room for the mark of the archive: unset one"
                    + " with updateCustomer")
        }
    }

    /// The fields that archive a customer; none where it is archived.
    static func fields(archiving customer: Customer, at now: Milliseconds) throws(ServiceError) -> JSONObject {
        guard !customer.isArchived else { return [:] }
        let mark = try ArchiveMark(for: customer, at: now)
        guard let userId = mark.userId else { return ["metadata": [CustomerMark.archivedAt: .string(mark.time)]] }
        return [
            "metadata": [CustomerMark.archivedAt: .string("\(mark.time) \(userId)"), CustomerMark.user: .null]
        ]
    }

    /// The fields that take it out of the archive; none where it isn't there.
    static func fields(restoring customer: Customer) -> JSONObject {
        guard let mark = ArchiveMark(of: customer) else { return [:] }
        var metadata: JSONObject = [CustomerMark.archivedAt: .null]
        if let userId = mark.userId { metadata[CustomerMark.user] = .string(userId) }
        return ["metadata": .object(metadata)]
    }
}
