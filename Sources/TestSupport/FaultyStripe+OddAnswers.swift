import HTTP
import JSON

extension FaultyStripe.Fault {
    /// The answer with what an odd one lacks, or tells wrongly. Pages are odd in their customers, and only by what is
    /// absent: an empty `metadata` there would be a lie about whose customer it is, which nobody can see through. So would be
    /// a deleted customer anywhere but in the answer to its creation, and, there, another id on a customer that is the
    /// right one otherwise.
    func odd(_ response: HTTPResponse, to route: FaultyStripe.Route) -> HTTPResponse {
        if self == .executedThenDeletedStub, route != .create { return response }
        guard response.status == 200, var answer = (try? JSONValue(parsing: response.body))?.object else {
            return response
        }
        if let page = answer["data"]?.array {
            guard self == .executedThenAbsentMembers else { return response }
            answer["data"] = .array(page.map { $0.object.map { .object(odd($0)) } ?? $0 })
        } else {
            answer = odd(answer)
        }
        var response = response
        response.body = JSONValue.object(answer).serialized()
        return response
    }

    private func odd(_ customer: JSONObject) -> JSONObject {
        var customer = customer
        switch self {
        case .executedThenAbsentMembers: for name in ["email", "metadata", "name", "phone"] { customer[name] = nil }
        case .executedThenEmptyMetadata: customer["metadata"] = [:]
        case .executedThenDeletedStub:
            return ["id": customer["id"] ?? .null, "object": "customer", "deleted": true]
        case .executedThenOtherObject:
            customer["id"] = "cus_anotherOneThanAsked"
            customer["metadata"] = ["userId": "another"]
        default: break
        }
        return customer
    }
}
